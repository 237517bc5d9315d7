"""The guard that nothing slow is done inside a transaction sees each kind of it, and sees it only there."""

import socket

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from PIL import Image

from portal.common.media.uploads import save_picture
from portal.common.paper import fonts
from portal.resources import storage
from tests import make, slow_work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_the_portal(monkeypatch):
    """As if the portal asked: what a test does for itself keeps nobody waiting."""
    monkeypatch.setattr(slow_work, "_asked_by", lambda: [f"{slow_work.OURS[0]}/somewhere.py"])


def drawn():
    fonts.choose("A paper")


def encoded():
    save_picture(Image.new("RGB", (9, 9)), name="a")


def hashed():
    make_password("a-long-enough-password")


def put_away():
    with storage.put(make.document(), sealed=True):
        pass


def called():
    with socket.create_server(("127.0.0.1", 0)) as here, socket.socket() as line:
        line.connect(here.getsockname())


@pytest.mark.parametrize("work", [drawn, encoded, hashed, put_away, called])
def test_slow_work_is_refused_in_a_transaction_alone(work):
    work()
    with pytest.raises(slow_work.SlowInTransaction), transaction.atomic():
        work()
