import re
import uuid
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.kept_forms.marks import FIELD
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.appointments.refusals import WrongState
from portal.billing import actions
from portal.billing.models import Invoice, Line, MedicareClaim, Payment, Taking
from portal.common.web.once import Press
from portal.journeys import checking_out
from portal.medicare import correcting
from portal.notifications.models import Notice
from portal.web.reception.forms import CheckOutForm
from portal.web.reception.views import checkout
from tests import make
from tests.web.reception.conftest import NOW

SUM = {"HX-Request": "true", "HX-Target": "sum"}


@pytest.fixture(autouse=True)
def _items(db):
    make.mbs_items()


@pytest.fixture
def session(place):
    made = place.session(hours=-1, status=Status.ARRIVED)
    make.referral(patient=made.patient)
    return made


def url(session, page="check_out"):
    return reverse(f"reception:{page}", args=[session.code])


def sent(**change):
    return {
        "minutes": "50",
        "mode": "in_person",
        "fee": "220.00",
        "item": "proposed",
        "extra_tax": "gst_free",
        "method": "card",
        "amount": "220.00",
        "key": str(uuid.uuid4()),
        "proposed_for": "220.00",
    } | change


def words(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def counts():
    return Invoice.objects.count(), Payment.objects.count()


def test_the_page_proposes_everything(desk, session):
    response = desk.get(url(session))
    form, bill = response.context["form"], response.context["bill"]
    assert form["minutes"].value() == 50
    assert form["amount"].value() == Decimal("220.00")
    assert (bill.charges[0].item_number, bill.sums.total) == ("80010", Decimal("220.00"))
    assert 0 < bill.sums.rebate < 220
    body = response.content.decode()
    assert "Dr Priya Raman" in body
    assert bill.sums.out_of_pocket == 220 - bill.sums.rebate


def test_as_proposed_and_paid(desk, session):
    response = desk.post(url(session), sent())
    assert (response.status_code, response.url) == (302, url(session, "checked_out"))
    session.refresh_from_db()
    invoice = Invoice.objects.get()
    assert (session.status, invoice.status, invoice.total, invoice.paid) == ("completed", "issued", 220, 220)
    assert [(line.item_number, line.minutes) for line in Line.objects.all()] == [("80010", 50)]
    done = desk.get(response.url).content.decode()
    assert invoice.number in done
    assert "Nothing left to pay" in done
    assert reverse("reception:invoice_pdf", args=[invoice.number]) in done


def test_the_money_lies_where_the_desk_says(desk, session):
    other = make.location(name="Footscray")
    desk.post(url(session), sent(method="cash", location=other.slug))
    assert Payment.objects.get().location == other


def test_of_one_place_nobody_is_asked_where_it_is_paid(desk, session):
    assert "Where it is paid" not in desk.get(url(session)).text
    make.location(name="Footscray")
    assert "Where it is paid" in desk.get(url(session)).text


def test_what_fits_is_offered_first_and_the_rest_behind_it(desk, session):
    _held, _none, *fits, (behind, others) = desk.get(url(session)).context["form"].fields["item"].choices
    assert [number for number, _words in fits] == ["80000", "80010"]
    assert (str(behind), "91167" in dict(others)) == ("Other items", True)


def test_without_a_referral_no_item_is_offered_first(desk, place):
    session = place.session(hours=-1, status=Status.ARRIVED, patient=make.patient())
    _held, _none, (behind, others) = desk.get(url(session)).context["form"].fields["item"].choices
    assert (str(behind), "80010" in dict(others)) == ("Other items: only with a referral", True)


def test_bulk_billed_there_is_nothing_to_pay_and_no_rebate(desk, place, session):
    earlier = place.session(hours=-50, patient=session.patient, status=Status.ARRIVED)
    desk.post(url(earlier), sent(method="later", amount=""))
    page = desk.post(url(session), sent(step="sum", bulk="on"), headers=SUM).text
    assert "Medicare pays the clinic" in page
    assert "$220.00 is still to pay from earlier sessions. Finish, then take it on the next page." in page
    assert "Expected Medicare rebate" not in page
    assert "Not now" not in page


def test_the_paper_prints(desk, session):
    desk.post(url(session), sent())
    pdf = desk.get(reverse("reception:invoice_pdf", args=[Invoice.objects.get().number]))
    assert pdf["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    ("change", "line", "paid"),
    [
        ({"minutes": "40"}, ("80000", 40, "in_person", "220.00"), "220.00"),
        ({"mode": "video"}, ("91167", 50, "video", "220.00"), "220.00"),
        ({"fee": "$100", "amount": "100"}, ("80010", 50, "in_person", "100.00"), "100.00"),
        ({"item": "none", "item_reason": "They claim nothing"}, ("", 50, "in_person", "220.00"), "220.00"),
        ({"item": "80000", "item_reason": "Ten minutes were late"}, ("80000", 50, "in_person", "220.00"), "220.00"),
        ({"method": "later", "amount": ""}, ("80010", 50, "in_person", "220.00"), "0.00"),
        ({"method": "cash", "amount": "20"}, ("80010", 50, "in_person", "220.00"), "20.00"),
    ],
)
def test_what_the_desk_changes_is_what_is_billed(desk, session, change, line, paid):
    assert desk.post(url(session), sent(**change)).status_code == 302
    row = Line.objects.get()
    assert (row.item_number, row.minutes, row.mode, str(row.unit_price)) == line
    assert str(Invoice.objects.get().paid) == paid


def test_something_else_with_gst(desk, session):
    extra = {"extra_description": "Letter to school", "extra_amount": "50", "extra_tax": "taxable"}
    assert desk.post(url(session), sent(**extra, amount="275")).status_code == 302
    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.gst, invoice.paid) == (275, 5, 275)
    assert invoice.lines.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "x"}, "minutes"),
        ({"mode": "pigeon"}, "mode"),
        ({"fee": "-1"}, "fee"),
        ({"fee": "1e5"}, "fee"),
        ({"item": "99999"}, "item"),
        ({"item": "80000"}, "item_reason"),
        ({"item": "none", "item_reason": " "}, "item_reason"),
        ({"abroad": "on", "item": "80010"}, "item_reason"),
        ({"where": "moon"}, "where"),
        ({"who_came": "dog"}, "who_came"),
        ({"amount": ""}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "220.01"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"method": "stripe"}, "method"),
        ({"reference": "x" * 101}, "reference"),
        ({"extra_description": "Letter"}, "extra_amount"),
        ({"extra_amount": "10"}, "extra_description"),
        ({"key": "x"}, "key"),
    ],
)
def test_what_is_wrong_bills_nothing_and_keeps_what_was_typed(desk, session, change, field):
    typed = sent(**{"reference": "kept"} | change)
    response = desk.post(url(session), typed)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert response.context["form"]["reference"].value() == typed["reference"]
    assert counts() == (0, 0)
    session.refresh_from_db()
    assert session.status == Status.ARRIVED


def test_an_item_needs_a_referral(desk, place):
    session = place.session(hours=-1, status=Status.ARRIVED)
    page = desk.get(url(session))
    assert "No referral on file" in page.content.decode()
    assert page.context["bill"].sums.rebate == 0
    response = desk.post(url(session), sent(item="80010"))
    assert response.context["form"].errors == {"item": ["Medicare pays only with a referral. Add the referral first."]}
    assert desk.post(url(session), sent()).status_code == 302
    assert Line.objects.get().item_number == ""


def test_figures_follow_what_is_typed(desk, session):
    response = desk.post(url(session), sent(step="sum", minutes="40", fee="180"), headers=SUM)
    body = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in body
    assert "item 80000" in body
    assert re.search(r'name="amount"[^>]*value="180.00"', body)
    assert counts() == (0, 0)


def test_figures_name_what_is_wrong_still_as_sending_it_would(desk, session):
    def wrong(**typed):
        body = desk.post(url(session), sent(step="sum", **typed), headers=SUM).content.decode()
        return re.findall('data-wrong="([^"]*)"', body)

    assert wrong(minutes="", item="80000") == ["id_minutes"]
    assert wrong(item="80000") == ["id_item_reason"]
    assert wrong(amount="5000") == ["id_amount"]
    assert wrong() == [""]


def test_an_amount_that_was_typed_stays(desk, session):
    body = desk.post(url(session), sent(step="sum", fee="180", amount="50"), headers=SUM).content.decode()
    assert re.search(r'name="amount"[^>]*value="50"', body)


def test_figures_without_script_come_as_a_page(desk, session):
    body = desk.post(url(session), sent(step="sum", fee="180")).content.decode()
    assert "<html" in body
    assert re.search(r'name="amount"[^>]*value="180.00"', body)


def test_an_item_that_does_not_fit_is_said(desk, session):
    body = desk.post(url(session), sent(step="sum", item="80010", minutes="40"), headers=SUM).content.decode()
    assert "40 minutes are billed by item 80010, which is for 50 minutes or more." in body
    assert "1 thing that Medicare would refuse" in body


def test_what_medicare_would_refuse_is_said_first_and_keeps_nobody_from_billing(desk, session):
    made = make.provider_number(psychologist=session.psychologist, location=session.location)
    page = desk.get(url(session)).content.decode()
    assert "would refuse" not in page
    assert "usual practice" in page
    made.delete()
    body = desk.post(url(session), sent(step="sum", item="80000"), headers=SUM).content.decode()
    assert "Choose the item that fits, or none." in body
    assert body.index("Choose the item that fits") < body.index("Finish and invoice")
    assert desk.post(url(session), sent(item="80000", item_reason="Asked for")).status_code == 302
    assert "not printed or sent until" in desk.get(url(session, "checked_out")).content.decode()


def test_a_double_click_bills_once(desk, session):
    click = sent()
    first, second = desk.post(url(session), click), desk.post(url(session), click)
    assert first.url == second.url == url(session, "checked_out")
    assert counts() == (1, 1)


def test_the_back_button_after_checking_out(desk, session):
    desk.post(url(session), sent())
    invoice = Invoice.objects.get()
    response = desk.get(url(session))
    assert response.url == reverse("reception:invoice", args=[invoice.number])
    again = desk.post(url(session), sent())
    assert again.url == reverse("reception:invoice", args=[invoice.number])
    assert "Nothing was billed or taken twice" in words(again)[-1]
    assert counts() == (1, 1)


def test_two_at_the_desk(desk, session):
    other = make.signed_in_client(role=Role.RECEPTION)
    desk.post(url(session), sent())
    number = Invoice.objects.get().number
    said = (
        f"{desk.user.name} checked this session out at 11:00 am: invoice {number}, $220.00, of which $220.00 is paid. "
        "Nothing was billed or taken twice."
    )
    later = sent(method="later", amount="")
    for answer in (other.get(url(session)), other.post(url(session), sent()), other.post(url(session), later)):
        assert answer.url == reverse("reception:invoice", args=[number])
        assert words(answer)[-1].replace("\N{NO-BREAK SPACE}", " ").replace("\u202f", " ") == said
    assert counts() == (1, 1)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_to_check_out(desk, place, status, method):
    session = place.session(hours=-1, status=status)
    response = getattr(desk, method)(url(session), sent() if method == "post" else None)
    assert response.url == reverse("reception:appointment", args=[session.code])
    assert counts() == (0, 0)


def test_what_is_owed_from_before_is_said(desk, place, session):
    earlier = place.session(hours=-50, patient=session.patient, status=Status.ARRIVED)
    desk.post(url(earlier), sent(method="later", amount=""))
    assert "$220.00 is still to pay from earlier sessions" in desk.get(url(session)).content.decode()
    [(_name, line)] = desk.get("/reception/").context["groups"]
    found = ("<li", f'id="session-{session.code}"', "Owes $220.00 from before")
    assert [line.count(words) for words in found] == [1, 1, 1]
    page = desk.get(reverse("reception:patient", args=[session.patient.code])).content.decode()
    assert "$220.00 to pay" in page


def test_old_debts_are_taken_in_one_payment_the_oldest_first(desk, place, session):
    """What each invoice gets is shown before, one receipt says all of it, and an old page takes nothing."""
    for hours in (-75, -50):
        earlier = place.session(hours=hours, patient=session.patient, status=Status.ARRIVED)
        desk.post(url(earlier), sent(method="later", amount=""))
    oldest, newer = Invoice.objects.order_by("issued_on", "pk")
    form = desk.get(url(session)).context["form"]
    assert form["with_old"].label == "Take the $440.00 from earlier with it"
    ticked = {"with_old": "on", "old_seen": form.old_mark}
    shown = desk.post(url(session), sent(step="sum", **ticked), headers=SUM)
    assert shown.context["form"]["amount"].value() == "660.00"
    assert [share.gets for share in shown.context["shares"]] == [220, 220, 220]
    assert "If less is paid, the oldest is settled first." in shown.content.decode()
    less = desk.post(url(session), sent(step="sum", amount="300", **ticked), headers=SUM)
    assert [share.gets for share in less.context["shares"]] == [220, 80, 0]
    for change in (
        {"old_seen": "x"},
        {"method": "later", "amount": ""},
        {"amount": "660.01", "proposed_for": "660.00"},
    ):
        assert desk.post(url(session), sent(**ticked | change)).status_code == 422
    assert counts() == (2, 0)
    assert desk.post(url(session), sent(amount="500.00", proposed_for="660.00", **ticked)).status_code == 302
    today = Invoice.objects.get(appointment=session)
    assert [Invoice.objects.get(pk=one.pk).paid for one in (oldest, newer, today)] == [220, 220, 60]
    taking = Taking.objects.get()
    assert [part.amount for part in taking.parts.all()] == [500]
    receipt = desk.get(reverse("reception:taking", args=[taking.number])).content.decode()
    assert all(one.number in receipt for one in (oldest, newer, today))


def test_send_by_mail_once_for_each_page(desk, session):
    desk.post(url(session), sent())
    key = desk.get(url(session, "checked_out")).context["key"]
    for _ in range(2):
        response = desk.post(url(session, "send_invoice"), {"key": key})
    assert response.url == url(session, "checked_out")
    assert [(n.template, n.to) for n in Notice.objects.all()] == [("invoice", session.patient.email)]
    assert "on its way" in words(response)[-1]


def test_send_before_there_is_an_invoice(desk, session):
    assert desk.post(url(session, "send_invoice"), {"key": uuid.uuid4()}).url == url(session)
    assert desk.get(url(session, "checked_out")).url == url(session)


def test_send_without_an_address(desk, session):
    type(session.patient).objects.filter(pk=session.patient.pk).update(email="")
    desk.post(url(session), sent())
    assert "it can&#x27;t be sent" in desk.get(url(session, "checked_out")).content.decode().replace(
        "can't", "can&#x27;t"
    )
    assert "No e-mail address is known" in words(desk.post(url(session, "send_invoice"), {"key": uuid.uuid4()}))[-1]


def test_the_page_asks_the_same_with_many_earlier_sessions(desk, place, session):
    def count():
        with CaptureQueriesContext(connection) as run:
            desk.get(url(session))
        return len(run)

    make.referral(patient=session.patient)
    desk.get(url(session))
    before = count()
    for n in range(1, 9):
        make.referral(patient=session.patient)
        desk.post(
            url(place.session(hours=-30 * n, patient=session.patient, status=Status.ARRIVED)),
            sent(method="later", amount=""),
        )
    assert Invoice.objects.count() == MedicareClaim.objects.count() == 8
    assert count() == before


# ---- A page that is older than the session ---------------------------------------------------------------------------


def another_fee(session):
    session.fee = Decimal("300.00")
    session.save()


def another_service(session):
    session.service = make.service(name="Assessment", fee="220.00")
    session.save()


def another_patient(session):
    session.patient = make.patient()
    session.save()


def moved(session):
    session.revision += 1
    session.save()


def paid_ahead(session):
    actions.take_ahead(appointment=session, amount=Decimal(50), method="card", key="k", by=make.actor(), now=NOW)


def no_referral(session):
    for referral in session.patient.referrals.all():
        correcting.take_off(referral=referral, why="elsewhere", by=make.actor(), now=NOW)


def gst(session):
    session.service.tax_code = "taxable"
    session.service.save()


CHANGES = [another_fee, another_service, another_patient, moved, paid_ahead, no_referral, gst]


@pytest.mark.parametrize("change", CHANGES)
def test_an_old_page_bills_nothing_and_keeps_what_was_typed(desk, session, change):
    seen = desk.get(url(session)).context["form"]["seen"].value()
    change(session)
    before = counts()
    typed = sent(seen=seen, minutes="45", fee="180.00", amount="1.00", reference="T 12", extra_tax="gst_free")
    response = desk.post(url(session), typed)
    assert (response.status_code, counts()) == (409, before)
    session.refresh_from_db()
    assert session.status == Status.ARRIVED
    form = response.context["form"]
    assert list(form.errors) == ["__all__"]
    assert "Somebody changed this session" in response.content.decode()
    assert f"The agreed fee is ${session.fee:.2f}." in response.content.decode()
    for name in ("minutes", "fee", "amount", "reference", "key"):
        assert form[name].value() == typed[name], name
    # It is looked over, and then it counts.
    again = desk.post(url(session), typed | {"seen": form["seen"].value()})
    assert (again.status_code, again.url) == (302, url(session, "checked_out"))
    assert Invoice.objects.get(purpose="session").patient == session.patient


def test_adding_up_again_does_not_make_an_old_page_a_new_one(desk, session):
    seen = desk.get(url(session)).context["form"]["seen"].value()
    another_fee(session)
    shown = desk.post(url(session), sent(seen=seen, step="sum"))
    assert shown.context["form"]["seen"].value() == seen
    assert desk.post(url(session), sent(seen=seen)).status_code == 409


@pytest.mark.parametrize("change", [lambda session: None, lambda session: make.appointment(patient=session.patient)])
def test_a_page_that_shows_what_is_so_is_not_old(desk, session, change):
    seen = desk.get(url(session)).context["form"]["seen"].value()
    change(session)
    data = sent(seen=seen)
    for _press in range(2):
        assert desk.post(url(session), data).status_code == 302
    assert counts() == (1, 1)


def test_it_is_asked_again_while_the_session_is_held(session):
    """Between the look at the page and the bill somebody may change it too."""
    seen = checking_out.as_shown(session, claim=checking_out.claim_for(session, now=NOW), clinic=make.clinic())
    another_fee(session)
    with pytest.raises(WrongState) as refused:
        checking_out.check_out(
            appointment=session, held=checking_out.as_booked(session), key="k", by=make.actor(), now=NOW, seen=seen
        )
    assert refused.value.reason == "changed"
    assert counts() == (0, 0)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (100, "Only $120.00 is left to pay. Take only that."),
        (220, "Nothing is left to pay. Choose “Not now”, and take nothing."),
    ],
)
def test_more_than_is_left_to_pay_is_said_so(desk, session, ahead, words):
    actions.take_ahead(appointment=session, amount=Decimal(ahead), method="card", key="k", by=make.actor(), now=NOW)
    before = counts()
    response = desk.post(url(session), sent(amount="220.00", proposed_for=""))
    assert response.context["form"].errors == {"amount": [words]}
    assert counts() == before


def test_money_that_was_taken_ahead_meanwhile_is_said_so(rf, session):
    """The page added up before it was taken, and the books refuse: the lines are not what is wrong."""
    form = CheckOutForm(sent(method="cash"), claim=checking_out.claim_for(session, now=NOW), charges_gst=False)
    assert form.is_valid()
    paid_ahead(session)
    request = rf.post(url(session))
    request._portal_press = Press(request)
    request.actor = make.actor()
    assert checkout._settled(request, session, form, form.held, now=NOW) is None
    assert form.errors == {"amount": ["Only $170.00 is left to pay. Take that, and give the rest back."]}


# ---- What is proposed follows what is typed --------------------------------------------------------------------------


@pytest.mark.parametrize(("fee", "method"), [("200", "card"), ("250.00", "cash")])
def test_an_amount_that_nobody_touched_follows_the_fee_without_script_too(desk, session, fee, method):
    assert desk.post(url(session), sent(fee=fee, method=method)).status_code == 302
    assert Payment.objects.get().amount == Invoice.objects.get().total == Decimal(fee)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("card", "Only $200.00 is left to pay. Take only that."),
        ("cash", "Only $200.00 is left to pay. Take that, and give the rest back."),
    ],
)
def test_only_of_cash_is_there_a_rest_to_give_back(desk, session, method, words):
    response = desk.post(url(session), sent(fee="200", amount="210", method=method))
    assert (response.context["form"].errors, counts()) == ({"amount": [words]}, (0, 0))


def test_gst_is_offered_only_where_the_clinic_charges_it(desk, session):
    clinic = make.clinic()
    clinic.gst_registered = False
    clinic.save()
    extra = sent(extra_description="Report", extra_amount="30", extra_tax="taxable", amount="250.00")
    assert "10% GST" not in desk.get(url(session)).content.decode()
    assert desk.post(url(session), extra).status_code == 302
    assert (Invoice.objects.get().gst, Invoice.objects.get().total) == (0, 250)


def test_gst_is_offered_by_a_clinic_that_charges_it(desk, session):
    clinic = make.clinic()
    clinic.gst_registered, clinic.abn = True, "51824753556"
    clinic.save()
    extra = sent(extra_description="Report", extra_amount="30", extra_tax="taxable", amount="253.00")
    assert "10% GST" in desk.get(url(session)).content.decode()
    assert desk.post(url(session), extra).status_code == 302
    assert (Invoice.objects.get().gst, Invoice.objects.get().total) == (3, 253)


def figures(page):
    """The amounts of the list that adds up, in their order, and what it says that they are."""
    listed = re.search(r'<dl class="price">(.*?)</dl>', page, re.DOTALL)[1]
    amounts = [
        Decimal(found.replace("$", "").replace(",", "")) for found in re.findall(r"<dd[^>]*>([^<]*)</dd>", listed)
    ]
    return amounts, " ".join(re.sub(r"<[^>]+>", " ", listed).split())


def test_the_page_after_check_out_adds_up_after_a_credit_and_a_refund(desk, session):
    desk.post(url(session), sent(method="cash", amount="100", item="none", item_reason="As told"))
    invoice, by = Invoice.objects.get(), make.actor()
    line = invoice.lines.get()
    actions.credit_line(line=line, amount=Decimal("10.55"), reason="Short", key="c", by=by, now=NOW)
    actions.refund_payment(
            reason="Charged twice",
        payment=Payment.objects.get(), invoice=invoice, amount=Decimal(40), key="r", by=by, now=NOW
    )  # fmt: skip
    amounts, said = figures(desk.get(url(session, "checked_out")).content.decode())
    assert amounts == [Decimal(220), Decimal("-10.55"), Decimal(-100), Decimal(40), Decimal("149.45")]
    assert sum(amounts[:-1]) == amounts[-1]
    assert "Cash, refund of RCT" in said
    assert "Credited" in said


# ---- What was typed when the session ended ---------------------------------------------------------------------------


def lost(desk, page, to, **typed):
    """Opens the page, loses the session, sends what was typed, and signs in again: gives the page as it comes back."""
    body = desk.get(page).content.decode()
    mark = re.search(rf'name="{FIELD}" value="([^"]+)"', body)[1]
    seen = re.search(r'name="seen" value="([^"]*)"', body)[1]
    user = desk.session["_auth_user_id"]
    desk.session.flush()
    desk.post(to, typed | {FIELD: mark, "seen": seen})
    desk.force_login(User.objects.get(pk=user))
    session = desk.session
    session["has_kept_forms"] = True
    session.save()
    return desk.get(page).content.decode()


def test_what_comes_back_is_added_up_and_to_be_seen(desk, session):
    typed = sent(fee="180.25", extra_description="Report copy", extra_amount="12", method="cash", amount="192.25")
    page = lost(desk, url(session), url(session), **typed)
    assert "We kept what you typed." in page
    amounts, said = figures(page)
    assert amounts[:3] == [Decimal("180.25"), Decimal(12), Decimal("192.25")]
    assert "Report copy" in said
    assert "<details open>" in page
    assert "This page has changed since you typed." not in page


def test_a_payment_that_comes_back_to_a_changed_invoice_says_so(desk, session):
    desk.post(url(session), sent(method="later", item="none", item_reason="As told"))
    invoice = Invoice.objects.get()
    page = reverse("reception:invoice", args=[invoice.number])
    assert "1e2" in lost(desk, page, reverse("reception:pay", args=[invoice.number]), amount="1e2", method="cash")
    assert "This page has changed since you typed." not in desk.get(page).content.decode()
    actions.credit_line(line=invoice.lines.get(), amount=Decimal(10), reason="r", key="c", by=make.actor(), now=NOW)
    words = desk.get(page).content.decode()
    assert 'value="1e2"' in words
    assert "This page has changed since you typed." in words


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"fee": "220,50"}, "<strong>Fee</strong>: Write cents after a point, such as 220.50"),
        ({"minutes": "x"}, "<strong>Minutes</strong>: Write a whole number, such as 50."),
        ({"extra_description": "Report"}, "<strong>Its price</strong>: What does it cost?"),
    ],
)
def test_what_keeps_the_figures_from_being_added_up_is_named_as_it_is_typed(desk, session, typed, says):
    body = desk.post(url(session), sent(step="sum", **typed), headers=SUM).content.decode()
    assert says in body


@pytest.mark.parametrize("extra", [{"extra_description": "Letter"}, {"extra_amount": "10"}, {"extra_amount": "x"}])
def test_what_is_wrong_in_a_fold_is_not_folded_away(desk, session, extra):
    body = desk.post(url(session), sent(**extra)).content.decode()
    assert re.search(r"<details open>\s*<summary>[^<]*<svg.*?Charge something else too", body, re.DOTALL)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"status": Status.COMPLETED}, True),
        ({"status": Status.BOOKED}, True),
        ({"status": Status.CANCELLED}, False),
        ({"status": Status.NO_SHOW}, False),
        ({"hours": -26}, False),
    ],
)
def test_a_second_session_with_an_item_on_one_day_is_said_and_not_forbidden(desk, place, session, other, told):
    place.session(patient=session.patient, **{"hours": -2, "status": Status.COMPLETED} | other)
    page = desk.get(url(session)).text
    assert ("The patient has another session with a Medicare item on that day" in page) is told
    desk.post(url(session), sent())
    assert Invoice.objects.filter(appointment=session).count() == 1


def split(**change):
    return sent(method="cash", amount="100.00", rest_method="card", rest_amount="120.00", **change)


def test_it_is_paid_in_two_ways_on_one_receipt(desk, session):
    page = split()
    for _twice in range(2):
        desk.post(url(session), page)
    invoice, taking = Invoice.objects.get(), Taking.objects.get()
    assert (invoice.paid, invoice.balance) == (220, 0)
    parts = taking.parts.order_by("pk").values_list("method", "amount", "received_on")
    assert list(parts) == [("cash", 100, NOW.date()), ("card", 120, NOW.date())]
    done = desk.get(url(session, "checked_out")).content.decode()
    assert reverse("reception:taking", args=[taking.number]) in done
    receipt = desk.get(reverse("reception:taking", args=[taking.number])).content.decode()
    assert "$100.00" in receipt
    assert "$120.00" in receipt


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rest_amount": ""}, "rest_amount"),
        ({"rest_method": ""}, "rest_method"),
        ({"rest_method": "cash"}, "rest_method"),
        ({"rest_amount": "120.01"}, "amount"),
        ({"amount": ""}, "amount"),
    ],
)
def test_two_ways_that_do_not_add_up_are_refused(desk, session, change, field):
    answer = desk.post(url(session), split() | change)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert counts() == (0, 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "220.00", "rest_method": "cash", "rest_amount": "40.00"}, "$40.00 is typed as paid"),
        ({"amount": "50.00"}, "$50.00 is typed as paid"),
    ],
)
def test_no_money_that_is_typed_is_dropped_where_none_is_taken_now(desk, session, typed, said):
    answer = desk.post(url(session), sent(method="later") | typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert counts() == (0, 0)
    assert desk.post(url(session), sent(method="later", amount="220")).status_code == 302
