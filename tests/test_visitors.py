"""Every address, asked by somebody who may knock, in ways that no page of ours asks: a word back, and never a 500."""

import re
import uuid

import pytest
from django.http import QueryDict

from portal.accounts.roles import Role
from tests import make
from tests.pages import draw_errors_once
from tests.test_house import views

pytestmark = pytest.mark.django_db

# What lists are narrowed, sorted and turned by, what rows are named by, and what buttons send.
NAMES = re.findall(
    r"\w+",
    """
    about age all amount at author bill_to by category channel claim counted credential day do earlier file
    first from from_day invoice kept kind lang language last later left lines location method mode month name
    next number page patient saving patient_payer payer place psychologist q reason remove right role room rows seen
    sent show shown since size soon sort standing state status step tag time topic until week what who
    with_whom
    """,
)
VALUES = ["a\x00b", "9" * 30, "9999-12-31", "http://[", "\ufffe\u202e", "[" * 500]
PARTS = {"uuid": str(uuid.UUID(int=5)), "slug": "nothing", "str": "nothing", "int": "5"}


def addresses():
    """One of each, made up where it names a row; patterns of allauth's own that are not paths are left out."""
    made_up = {re.sub(r"<(\w+):\w+>", lambda part: PARTS[part[1]], address) for address, _view in views()}
    return sorted(f"/{address}" for address in made_up if "(" not in address)


@pytest.fixture
def everybody(monkeypatch):
    """One person who may knock at every door."""
    # No queue runs here, and none is waited for: /healthz would rightly say so.
    monkeypatch.setattr("portal.web.public.views.technical.STARTING", float("inf"))
    make.clinic()
    user = make.user(roles=(Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER))
    make.psychologist(user=user)
    make.patient(user=user)
    client = make.client_for(user)
    client.raise_request_exception = False
    draw_errors_once(monkeypatch)
    return client


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_no_parameter_breaks_a_page(everybody, value):
    query = QueryDict(mutable=True)
    query.update(dict.fromkeys(NAMES, value))
    broken = [a for a in addresses() if everybody.get(f"{a}?{query.urlencode()}").status_code >= 500]
    assert broken == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"&".join(b"%s=%%00" % name.encode() for name in NAMES)),
        ("application/json", b"[" * 5_000),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb'),
    ],
    ids=["NUL", "JSON", "broken"],
)
def test_nothing_sent_breaks_a_page(everybody, kind, body):
    session = everybody.cookies["portal_session"].value
    broken = []
    for address in addresses():
        if everybody.generic("POST", address, body, content_type=kind).status_code >= 500:
            broken.append(address)
        if "logout" in address:
            everybody.cookies["portal_session"] = session
    assert broken == []
