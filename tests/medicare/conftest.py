from __future__ import annotations

import pytest

from tests import make
from tests.billing.conftest import Books


@pytest.fixture
def books(db):
    make.clinic(gst_registered=True, abn="51824753556")
    return Books()
