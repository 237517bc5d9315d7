"""Keys that don't open what the database holds stop the start; before, the first note of the day found out."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from portal.common.crypto import keys, opening
from tests import make

pytestmark = pytest.mark.django_db

OTHER = "dGhpcy1pcy1hbm90aGVyLWtleS1mb3ItdGhlLXRlc3Q="


def start():
    call_command("check", tags=[opening.TAG], databases=["default"])


@pytest.fixture
def _something_sealed():
    make.resource(made_for=make.patient(), by=make.psychologist().user)


@pytest.mark.usefixtures("_something_sealed")
def test_the_clinics_own_keys_start():
    start()


@pytest.mark.usefixtures("_something_sealed")
@pytest.mark.parametrize("wrong", [f"another:{OTHER}", f"test:{OTHER}"], ids=["another id", "another key"])
def test_other_keys_are_refused(settings, wrong):
    settings.PORTAL_ENCRYPTION_KEYS = wrong
    keys._ring.cache_clear()
    with pytest.raises((SystemCheckError, CommandError), match="PORTAL_ENCRYPTION_KEYS"):
        start()


@pytest.mark.usefixtures("_something_sealed")
def test_the_worker_refuses_them_too(settings):
    settings.PORTAL_ENCRYPTION_KEYS = f"another:{OTHER}"
    with pytest.raises((SystemCheckError, CommandError), match="PORTAL_ENCRYPTION_KEYS"):
        call_command("worker")


def test_an_empty_database_takes_any(settings):
    settings.PORTAL_ENCRYPTION_KEYS = f"another:{OTHER}"
    start()
