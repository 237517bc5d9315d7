from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.appointments.refusals import WrongState
from portal.audit.models import Entry
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.charges import Charge
from portal.billing.models import Invoice, Payment
from portal.billing.refusals import AlreadyInvoiced, Overpayment, ReasonMissing
from portal.clinic.models import Registration, TaxCode
from portal.journeys import checking_out, mailing
from portal.journeys.checking_out import AS_HELD, NO_ITEM, Held, Taken
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.fixture
def by():
    return make.actor(role=Role.RECEPTION)


@pytest.fixture(autouse=True)
def clinic():
    make.mbs_items()
    return make.clinic(gst_registered=True, abn="51824753556")


def session(**fields):
    defaults = {"starts_at": NOW - timedelta(hours=1), "status": Status.ARRIVED, "fee": "220.00"}
    return make.appointment(**defaults | fields)


def held(
    *, minutes=50, mode="in_person", fee="220.00", item=AS_HELD, extra=(), item_reason="As the letter says", **how
):
    told = {"minutes": minutes, "mode": mode, "fee": Decimal(fee), "item": item, "item_reason": item_reason}
    return Held(extra=tuple(extra), **told, **how)


def bill(appointment, clinic, **how):
    claim = checking_out.claim_for(appointment, now=NOW)
    return checking_out.preview(appointment, held(**how), claim=claim, clinic=clinic).bill


def check_out(appointment, by, *, key="k", payment=None, **how):
    return checking_out.check_out(appointment=appointment, held=held(**how), key=key, payment=payment, by=by, now=NOW)


def card(amount="220.00"):
    return Taken(amount=Decimal(amount), method="card")


def counts():
    return Invoice.objects.count(), Payment.objects.count()


# ---- The bill -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registration", "minutes", "mode", "item"),
    [
        (Registration.CLINICAL, 50, "in_person", "80010"),
        (Registration.CLINICAL, 49, "in_person", "80000"),
        (Registration.CLINICAL, 29, "in_person", ""),
        (Registration.GENERAL, 50, "in_person", "80110"),
        (Registration.GENERAL, 49, "in_person", "80100"),
        (Registration.PROVISIONAL, 50, "in_person", ""),
    ],
)
def test_item_follows_the_psychologist_the_minutes_and_the_way(clinic, registration, minutes, mode, item):
    appointment = session(psychologist=make.psychologist(registration=registration))
    make.referral(patient=appointment.patient)
    line = bill(appointment, clinic, minutes=minutes, mode=mode).charges[0]
    assert (line.item_number, line.minutes, line.mode) == (item, minutes, mode)


def test_video_has_an_item_of_its_own(clinic):
    appointment = session()
    make.referral(patient=appointment.patient)
    rooms, video = (bill(appointment, clinic, mode=mode).charges[0].item_number for mode in ("in_person", "video"))
    assert rooms != video
    assert rooms
    assert video


@pytest.mark.parametrize(
    "referral", [None, {"written_on": date(2026, 11, 25)}, {"kind": "other"}], ids=["none", "later", "not for Medicare"]
)
def test_no_rebate_without_a_referral_that_counts(clinic, referral):
    appointment = session()
    if referral is not None:
        make.referral(patient=appointment.patient, **referral)
    assert bill(appointment, clinic).sums.rebate == 0


def test_item_of_the_desks_own_choice(clinic):
    appointment = session()
    claim = checking_out.claim_for(appointment, now=NOW)
    assert claim.item(appointment, held(item="80000")) is None, "nothing is claimed without a referral"
    make.referral(patient=appointment.patient)
    claim = checking_out.claim_for(appointment, now=NOW)
    chosen = [(item, claim.item(appointment, held(item=item))) for item in (AS_HELD, NO_ITEM, "80000", "12345")]
    assert [(asked, got and got.item) for asked, got in chosen] == [
        (AS_HELD, "80010"),
        (NO_ITEM, None),
        ("80000", "80000"),
        ("12345", None),
    ]


def test_another_item_than_the_proposed_one_says_why_and_keeps_it(by):
    appointment = session()
    make.referral(patient=appointment.patient)
    with pytest.raises(ReasonMissing):
        check_out(appointment, by, item="80000", item_reason=" ")
    line = check_out(appointment, by, item="80000").lines.get()
    assert (line.item_number, line.item_proposed, line.item_reason) == ("80000", "80010", "As the letter says")
    told = Entry.objects.get(verb="invoice.item_overridden").facts
    assert told == {"proposed": "80010", "billed": "80000"}
    draft = billing.draft_invoice(
        patient=appointment.patient,
        psychologist=appointment.psychologist,
        location=appointment.location,
        charges=[charges.extra_line("Letter", Decimal(1))],
        by=by,
        now=NOW,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.lines.update(item_number="80000", item_proposed="80010")


def test_what_is_proposed_keeps_no_reason(by):
    appointment = session()
    make.referral(patient=appointment.patient)
    line = check_out(appointment, by).lines.get()
    assert (line.item_number, line.item_proposed, line.item_reason) == ("80010", "80010", "")


@pytest.mark.parametrize(
    ("how", "item", "why"),
    [
        ({}, "80010", "50 minutes or more, in consulting rooms, clinical psychologist"),
        ({"minutes": 47}, "80000", "30 to 49 minutes, in consulting rooms, clinical psychologist"),
        ({"mode": "video"}, "91167", "50 minutes or more, by video, clinical psychologist"),
        ({"mode": "phone", "minutes": 30}, "91181", "30 to 49 minutes, by phone, clinical psychologist"),
        ({"mode": "video", "outside": True}, "91167", "50 minutes or more, by video, clinical psychologist"),
        (
            {"minutes": 25},
            None,
            "None: 25 minutes are too short. For a clinical psychologist items begin at 30 minutes.",
        ),
        ({"abroad": True}, None, "None: Medicare pays nothing for a patient who is outside Australia."),
        (
            {"outside": True},
            None,
            "None: the portal knows no fee of an item for this. The manager can read the newest file of the schedule.",
        ),
    ],
)
def test_item_is_proposed_with_the_reason_in_words(how, item, why):
    appointment = session()
    make.referral(patient=appointment.patient)
    claim = checking_out.claim_for(appointment, now=NOW)
    found = claim.proposed(appointment, held(**how))
    assert (found and found.item, claim.why(appointment, held(**how))) == (item, why)


def test_sessions_with_a_carer_are_billed_by_their_own_item_and_stop_at_two(by):
    patient = make.patient()
    make.referral(patient=patient)
    registered = make.psychologist(registration="general")
    billed = []
    for n in range(3):
        start = NOW - timedelta(days=n + 1)
        appointment = session(patient=patient, psychologist=registered, starts_at=start, mode="phone")
        billed.append(check_out(appointment, by, mode="phone", carer=True).lines.get().item_number)
    assert billed == ["91201", "91201", ""]


@pytest.mark.parametrize(("item", "is_printed"), [(AS_HELD, True), (NO_ITEM, False)])
def test_a_referral_is_printed_where_something_is_claimed(by, item, is_printed):
    appointment = session()
    make.referral(patient=appointment.patient)
    assert bool(check_out(appointment, by, item=item).snapshot["referral"]) is is_printed


def test_no_rebate_on_what_medicare_does_not_pay_for(clinic):
    appointment = session(service=make.service(medicare=False))
    make.referral(patient=appointment.patient)
    assert bill(appointment, clinic).sums.rebate == 0


def test_rebate_is_never_more_than_was_charged(clinic):
    appointment = session()
    make.referral(patient=appointment.patient)
    assert bill(appointment, clinic, fee="50.00").sums.rebate == Decimal("50.00")


def test_extra_line_with_gst(clinic):
    report = Charge(description="Report", unit_price=Decimal("100.00"), tax_code=TaxCode.TAXABLE)
    sums = bill(session(), clinic, extra=[report]).sums
    assert (sums.total, sums.gst) == (Decimal("330.00"), Decimal("10.00"))


# ---- Checking out ---------------------------------------------------------------------------------------------------


def test_all_of_it_in_one_go(clinic, by):
    appointment = session()
    referral = make.referral(patient=appointment.patient)
    invoice = check_out(appointment, by, payment=card())
    appointment.refresh_from_db()
    assert (appointment.status, appointment.completed_at) == (Status.COMPLETED, NOW)
    assert (invoice.status, invoice.total, invoice.paid, invoice.balance) == ("issued", 220, 220, 0)
    assert invoice.snapshot["referral"]["name"] == referral.referrer_name
    assert [(p.method, p.amount) for p in Payment.objects.all()] == [("card", Decimal("220.00"))]
    assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "appointment.completed",
        "invoice.drafted",
        "invoice.issued",
        "payment.recorded",
    ]


@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED, Status.COMPLETED])
def test_from_every_state_that_can_be_checked_out(clinic, by, status):
    appointment = session(status=status)
    check_out(appointment, by)
    appointment.refresh_from_db()
    assert appointment.status == Status.COMPLETED
    assert counts() == (1, 0)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
def test_what_did_not_take_place_is_not_billed(clinic, by, status):
    with pytest.raises(WrongState):
        check_out(session(status=status), by, payment=card())
    assert counts() == (0, 0)


def test_sent_twice_bills_once_and_takes_once(clinic, by):
    appointment = session()
    first = check_out(appointment, by, payment=card())
    again = check_out(appointment, by, payment=card())
    assert again == first
    assert counts() == (1, 1)
    assert Entry.objects.filter(verb="invoice.issued").count() == 1


def test_without_money_the_second_is_told_what_the_first_billed(clinic, by):
    appointment = session()
    first = check_out(appointment, by)
    with pytest.raises(AlreadyInvoiced) as refused:
        check_out(appointment, by, key="two")
    assert refused.value.invoice == first
    assert counts() == (1, 0)


def test_two_at_the_desk_take_the_money_once(clinic, by):
    appointment = session()
    first = check_out(appointment, by, payment=card(), key="one")
    with pytest.raises(AlreadyInvoiced) as refused:
        check_out(appointment, by, payment=card(), key="two")
    assert refused.value.invoice == first
    assert counts() == (1, 1)


def test_too_much_money_leaves_nothing_behind(clinic, by):
    appointment = session()
    with pytest.raises(Overpayment):
        check_out(appointment, by, payment=card("220.01"))
    appointment.refresh_from_db()
    assert appointment.status == Status.ARRIVED
    assert counts() == (0, 0)
    assert not Entry.objects.exists()


def test_part_now_and_the_rest_later(clinic, by):
    invoice = check_out(session(), by, payment=card("100.00"))
    assert (invoice.paid, invoice.balance) == (100, 120)


# ---- Sending --------------------------------------------------------------------------------------------------------


def test_invoice_goes_to_the_patient_with_its_pdf(clinic, by, tmp_path):
    appointment = session(
        patient=make.patient(legal_first_name="Mai", legal_last_name="Nguyễn", email="mai@example.com")
    )
    invoice = check_out(appointment, by)
    assert mailing.send_invoice(invoice=invoice, key="k", by=by, now=NOW) == "mai@example.com"
    mailing.send_invoice(invoice=invoice, key="k", by=by, now=NOW)
    notice = Notice.objects.get()
    assert notice.subject == f"Invoice {invoice.number} from Banksia Lane Psychology"
    assert "$220.00 is still to pay" in notice.text
    ((name, kind, content),) = notice.attachments
    assert (name, kind) == (f"{invoice.number}.pdf", "application/pdf")
    import base64

    paper = tmp_path / name
    paper.write_bytes(base64.b64decode(content))
    assert invoice.number in PdfReader(paper).pages[0].extract_text()
    mailing.send_invoice(invoice=invoice, key="on purpose", by=by, now=NOW)
    assert Notice.objects.count() == 2


def test_invoice_goes_to_the_carer_who_is_billed(clinic, by):
    appointment = session()
    make.carer(patient=appointment.patient, user=make.user(email="carer@example.com"), is_billed=True)
    invoice = check_out(appointment, by)
    assert mailing.address_for(invoice) == "carer@example.com"


@pytest.mark.parametrize(
    ("patient_speaks", "carer_speaks", "to", "greeting"),
    [
        ("vi", None, "mai@example.com", "Xin chào"),
        ("", None, "mai@example.com", "Hello"),
        ("vi", "", "carer@example.com", "Xin chào"),
        ("vi", "en", "carer@example.com", "Hello"),
        ("", "vi", "carer@example.com", "Xin chào"),
    ],
)
def test_an_invoice_is_mailed_in_the_language_of_whoever_it_is_to(
    clinic, by, patient_speaks, carer_speaks, to, greeting
):
    appointment = session(patient=make.patient(email="mai@example.com", language=patient_speaks))
    if carer_speaks is not None:
        payer = make.user(email="carer@example.com", language=carer_speaks)
        make.carer(patient=appointment.patient, user=payer, is_billed=True)
    mailing.send_invoice(invoice=check_out(appointment, by), key="k", by=by, now=NOW)
    notice = Notice.objects.get()
    assert (notice.to, notice.text.startswith(greeting)) == (to, True)


def test_the_account_of_a_patient_without_a_language_of_their_own_says_it(clinic, by):
    appointment = session(patient=make.patient(user=make.user(email="mai@example.com", language="vi")))
    mailing.send_invoice(invoice=check_out(appointment, by), key="k", by=by, now=NOW)
    assert Notice.objects.get().text.startswith("Xin chào")


def test_the_bill_of_an_insurer_is_not_mailed_to_the_patient(clinic, by):
    appointment = session(patient=make.patient(email="mai@example.com"))
    invoice = billing.draft_invoice(
        patient=appointment.patient,
        psychologist=appointment.psychologist,
        location=appointment.location,
        charges=[charges.extra_line("Report", Decimal("90"), TaxCode.GST_FREE)],
        bill_to=billing.BillTo(make.payer(name="Harbour Insurance", email="")),
        by=by,
        now=NOW,
    )
    assert mailing.address_for(invoice) == ""
    billing.issue_invoice(invoice=invoice, by=by, now=NOW)
    assert mailing.address_for(invoice) == ""


def test_nobody_to_send_to(clinic, by):
    invoice = check_out(session(patient=make.patient(email="")), by)
    assert mailing.address_for(invoice) == ""
    with pytest.raises(ValueError, match="nobody"):
        mailing.send_invoice(invoice=invoice, key="k", by=by, now=NOW)
