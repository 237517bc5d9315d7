import pytest

from tests import make


@pytest.fixture
def clinic(db):
    return make.clinic(cancel_hours=48, late_fee_percent=50)
