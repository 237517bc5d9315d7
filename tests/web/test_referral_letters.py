"""The letter of a referral in both rooms: put on file at the desk, which never opens it; read by who treats them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.medicare.models import LetterCheck, ReferralLetter
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
TEXT = b"just a note"


@pytest.fixture(autouse=True)
def now():
    make.clinic()
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def png():
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "PNG")
    return SimpleUploadedFile("anxiety.png", out.getvalue(), "image/png")


def at(name, *codes):
    return reverse(name, args=codes)


def test_from_the_desk_to_who_treats_them(desk):
    referral, psychologist = make.referral(), make.psychologist()
    session = make.appointment(
        patient=referral.patient, psychologist=psychologist, starts_at=NOW - timedelta(days=1), status=Status.COMPLETED
    )
    page = at("reception:letter", referral.code)
    assert desk.post(page, {"file": SimpleUploadedFile("a.txt", TEXT)}).status_code == 422
    assert desk.post(page, {}).status_code == 422
    assert desk.post(page, {"file": png()}).url == at("reception:referral", referral.code)
    letter = ReferralLetter.objects.get()
    shown = desk.get(at("reception:referral", referral.code)).content.decode()
    assert "anxiety" not in shown
    assert str(letter.code) not in shown
    own = at("psychologist:referral_letter", letter.code)
    assert desk.get(own).status_code == 403
    theirs = make.client_for(psychologist.user)
    assert own in theirs.get(at("psychologist:referral", referral.code)).content.decode()
    answer = theirs.get(own)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "anxiety" not in answer["Content-Disposition"]
    other = make.psychologist()
    assert make.client_for(other.user).get(own).status_code == 404
    assert make.client_for(other.user).get(at("psychologist:referral", referral.code)).status_code == 404
    # An older page replaces nothing unseen; with what it showed, and why, it does.
    assert desk.post(page, {"file": png(), "why": "amended", "seen": ""}).status_code == 302
    assert ReferralLetter.objects.count() == 1
    assert desk.post(page, {"file": png(), "why": "amended", "seen": str(letter.code)}).status_code == 302
    assert theirs.get(at("psychologist:patient", session.patient.code)).status_code == 200
    assert ReferralLetter.objects.count() == 2


def test_who_is_only_booked_sees_that_it_is_there(desk):
    referral, psychologist = make.referral(), make.psychologist()
    make.appointment(patient=referral.patient, psychologist=psychologist, starts_at=NOW + timedelta(days=1))
    desk.post(at("reception:letter", referral.code), {"file": png()})
    client = make.client_for(psychologist.user)
    page = client.get(at("psychologist:referral", referral.code)).content.decode()
    assert "opens to you once a session of yours has begun" in page
    assert client.get(at("psychologist:referral_letter", ReferralLetter.objects.get().code)).status_code == 404
    assert client.post(at("psychologist:referral", referral.code), {}).status_code == 404


def test_what_it_lacks_is_asked_for(desk):
    referral = make.referral()
    hub = at("reception:referral", referral.code)
    assert desk.get(at("reception:ask_referrer", referral.code)).status_code == 404
    ticked = dict.fromkeys(["has_name", "has_birth_date", "has_address", "has_diagnosis", "has_medication"], "on")
    ticked |= dict.fromkeys(["has_services", "has_plan", "is_dated", "has_usual"], "on")
    assert desk.post(at("reception:check_letter", referral.code), ticked).url == hub
    page = desk.get(hub).content.decode()
    assert "A signature" in page
    assert (
        "your signature (an electronic one is fine)"
        in desk.get(at("reception:ask_referrer", referral.code)).content.decode()
    )
    assert desk.get(at("reception:ask_referrer_pdf", referral.code)).content.startswith(b"%PDF")
    assert desk.post(at("reception:asked_referrer", referral.code), {"how": "fax"}).url == hub
    assert "By fax" in desk.get(hub).content.decode()
    answer = desk.post(at("reception:referrer_answered", referral.code))
    assert answer.url == at("reception:check_letter", referral.code)
    assert desk.post(answer.url, ticked | {"is_signed": "on"}).url == hub
    assert "It says all that Medicare asks for." in desk.get(hub).content.decode()
    assert LetterCheck.objects.newest_of(referral).is_complete
