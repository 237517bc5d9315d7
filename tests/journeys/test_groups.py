"""A group is billed by the items for groups: as many came as Medicare pays for, and by video far enough away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions as billing
from portal.billing.charges import Charge
from portal.billing.models import Line, MedicareClaim
from portal.journeys import checking_out, claim_checks
from portal.journeys.checking_out import Held
from portal.medicare.models import MbsItem
from portal.medicare.proposing import Group
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
GROUPS = MbsItem.CountsTowards.GROUP


@pytest.fixture(autouse=True)
def clinic():
    make.mbs_items()
    return make.clinic()


@pytest.fixture
def session():
    def made(registration="clinical", **fields):
        defaults = {"starts_at": NOW - timedelta(hours=2), "status": Status.ARRIVED, "fee": "60.00"}
        who = make.psychologist(registration=registration)
        appointment = make.appointment(psychologist=who, **defaults | fields)
        make.referral(patient=appointment.patient, is_for_group=True, services=10)
        return appointment

    return made


def held(minutes=60, mode="in_person", **group):
    said = {"attended": 6} | group
    return Held(minutes=minutes, mode=mode, fee=Decimal("60.00"), group=Group(**said))


@pytest.mark.parametrize(
    ("registration", "how", "item", "why"),
    [
        ("clinical", {}, "80020", "60 to 89 minutes, in consulting rooms, clinical psychologist, for a group of 4 to"),
        ("clinical", {"minutes": 120}, "80024", "120 minutes or more"),
        ("general", {"minutes": 90}, "80122", "90 to 119 minutes"),
        ("clinical", {"attended": 4}, "80020", "for a group of 4 to 10"),
        ("clinical", {"attended": 10}, "80020", "for a group of 4 to 10"),
        ("clinical", {"attended": 3}, None, "None: 3 patients came, and Medicare pays for groups of 4 to 10."),
        ("clinical", {"attended": 11}, None, "None: 11 patients came"),
        ("clinical", {"minutes": 59}, None, "None: 59 minutes are too short."),
        # No fee was found for 80022, so none is proposed.
        ("clinical", {"minutes": 95}, None, "None: the portal knows no fee of an item for this."),
        ("clinical", {"mode": "phone"}, None, "None: Medicare has no item for a group by phone."),
        ("clinical", {"mode": "video"}, None, "None yet: a group by video is paid where the patient lives in"),
        ("clinical", {"mode": "video", "remoteness": 5}, None, "Say both."),
        ("clinical", {"mode": "video", "remoteness": 2, "kilometres": 90}, None, "None: the patient lives too near."),
        ("clinical", {"mode": "video", "remoteness": 5, "kilometres": 12}, None, "None: the patient lives too near."),
        ("clinical", {"mode": "video", "remoteness": 4, "kilometres": 15}, "80021", "by video"),
        ("general", {"mode": "video", "remoteness": 7, "kilometres": 40}, "80121", "by video"),
    ],
)
def test_the_item_of_a_group_is_proposed_and_explained(session, registration, how, item, why):
    appointment = session(registration)
    claim = checking_out.claim_for(appointment, now=NOW, counts_towards=GROUPS)
    found = claim.proposed(appointment, held(**how))
    assert (found and found.item) == item
    assert why in claim.why(appointment, held(**how))


def test_what_was_said_is_kept_with_the_line_and_read_by_the_check(session):
    appointment = session()
    said = held(mode="video", attended=6, remoteness=5, kilometres=40)
    invoice = checking_out.check_out(appointment=appointment, held=said, key="k", by=make.actor(), now=NOW)
    line = invoice.lines.get()
    assert (line.item_number, line.attended, line.remoteness, line.kilometres) == ("80021", 6, 5, 40)
    assert MedicareClaim.objects.get().counts_towards == "group"
    codes = {one.code for one in claim_checks.check(invoice, now=NOW).amber}
    assert not codes & {"group_uncounted", "group_by_video"}


def test_a_group_counts_to_the_groups_and_needs_a_referral_of_its_own(session):
    appointment = session()
    alone = checking_out.claim_for(appointment, now=NOW)
    group = checking_out.claim_for(appointment, now=NOW, counts_towards=GROUPS)
    assert (alone.is_covered, group.is_covered) == (False, True)
    make.referral(patient=appointment.patient)
    assert checking_out.claim_for(appointment, now=NOW).is_covered


def test_in_rooms_or_outside_is_kept_too(clinic):
    appointment = make.appointment(starts_at=NOW - timedelta(hours=2), status=Status.ARRIVED, fee="220.00")
    make.referral(patient=appointment.patient)
    said = Held(minutes=50, mode="in_person", fee=Decimal("220.00"))
    invoice = checking_out.check_out(appointment=appointment, held=said, key="k", by=make.actor(), now=NOW)
    line = invoice.lines.get()
    assert (line.is_outside, line.attended) == (False, None)


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"attended": 0}, "line_attended_by_somebody"),
        ({"remoteness": 0}, "line_remoteness_is_an_area"),
        ({"remoteness": 8}, "line_remoteness_is_an_area"),
    ],
)
def test_a_line_keeps_no_nonsense(fields, broken):
    invoice = billing.draft_invoice(
        patient=make.patient(), psychologist=make.psychologist(), location=make.location(), by=make.actor(), now=NOW,
        charges=[Charge(description="Session", unit_price=Decimal(60))],
    )  # fmt: skip
    line = {"position": 2, "description": "More", "unit_price": 1, "total": 1, "gst": 0, "tax_code": "gst_free"}
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        Line.objects.create(invoice=invoice, **line | fields)


def test_the_desk_says_who_came(session, time_machine):
    time_machine.move_to(NOW, tick=False)
    desk = make.client_for(make.staff(Role.RECEPTION))
    appointment = session()
    url = reverse("reception:check_out", args=[appointment.code])
    page = desk.get(url)
    form = {name: page.context["form"][name].value() for name in ("key", "seen", "proposed_for")}
    form |= {"minutes": "60", "mode": "in_person", "fee": "60.00", "item": "proposed", "extra_tax": "gst_free"}
    form |= {"method": "later", "amount": "60.00", "who_came": "group"}
    alone = desk.post(url, form | {"who_came": "patient", "attended": "3"})
    assert "Choose “A group of patients” above, or clear this." in alone.content.decode()
    assert "<details open>" in alone.content.decode()
    answer = desk.post(url, form)
    assert "How many patients came?" in answer.content.decode()
    assert "<details open>" in answer.content.decode()
    answer = desk.post(url, form | {"attended": "3"})
    assert answer.status_code == 302, answer.content.decode()
    assert Line.objects.get().item_number == ""
    other = session()
    url = reverse("reception:check_out", args=[other.code])
    form["seen"] = desk.get(url).context["form"]["seen"].value()
    shown = desk.post(url, form | {"attended": "7", "step": "sum"}, headers={"HX-Request": "true", "HX-Target": "sum"})
    assert "for a group of 4 to 10" in shown.content.decode()
    form["key"] = "00000000-0000-4000-8000-000000000002"
    assert desk.post(url, form | {"attended": "7"}).status_code == 302
    assert Line.objects.get(invoice__appointment=other).item_number == "80020"


def test_a_letter_for_sessions_alone_is_said_to_cover_no_group(time_machine):
    time_machine.move_to(NOW, tick=False)
    appointment = make.appointment(starts_at=NOW - timedelta(hours=2), status=Status.ARRIVED, fee="60.00")
    make.referral(patient=appointment.patient)
    desk = make.client_for(make.staff(Role.RECEPTION))
    url = reverse("reception:check_out", args=[appointment.code])
    form = {"minutes": "60", "mode": "in_person", "fee": "60.00", "item": "proposed", "method": "later"}
    form |= {"who_came": "group", "attended": "6", "step": "sum", "key": "00000000-0000-4000-8000-000000000003"}
    shown = desk.post(url, form, headers={"HX-Request": "true", "HX-Target": "sum"}).content.decode()
    assert "No referral for group sessions is on file." in shown
