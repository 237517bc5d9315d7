"""Two records of one person: who comes to open the one with the history, and only once its person was asked."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db.models import ForeignKey
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Offer, Status
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.journeys.to_do import people, tasks
from portal.notifications.models import Notice
from portal.patients import signing_in
from portal.patients.models import Carer, Patient
from portal.patients.refusals import NotChecked
from portal.patients.search import reindex
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

JORDAN = {"legal_first_name": "Jordan", "legal_last_name": "Reid", "preferred_name": ""}
BORN = date(1990, 4, 23)


@pytest.fixture(autouse=True)
def clinic():
    return make.clinic()


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def on_file(**fields):
    record = make.patient(**JORDAN | {"date_of_birth": BORN, "compared_at": timezone.now()} | fields)
    reindex(record)
    return record


@pytest.fixture
def real():
    return on_file(user=make.user(email="jordan@example.com"), email="jordan@example.com")


@pytest.fixture
def stranger():
    return make.user(email="linh@example.com", first_name="Linh", last_name="Tran")


@pytest.fixture
def made(real, stranger):
    record = on_file(email="", compared_at=None)
    make.carer(patient=record, user=stranger, relationship="other", is_billed=True)
    tasks.look_at_people()
    return record


def press(client, made, real, **fields):
    """As the page has it: what it hides is sent along."""
    page = reverse("reception:compare", args=[made.code])
    (row,) = (row for row in client.get(page).context["rows"] if row.double.patient == real)
    return client.post(page, {"same": str(real.code), "seen": row.form["seen"].value()} | fields)


def opens(user, record):
    return type(record).objects.managed_by(user).filter(pk=record.pk).exists()


def carers_of(record):
    return Carer.objects.in_force().filter(patient=record)


def words_of(answer):
    return re.sub(r"\s+", " ", html.unescape(answer.content.decode()))


def test_the_page_names_the_account_and_as_what_it_would_open_the_record(desk, made, real):
    page = desk.get(reverse("reception:compare", args=[made.code])).content.decode()
    assert "The same person: open this record to Linh Tran (linh@example.com), as carer (Other)" in page
    assert "I have checked with the person that this carer may open all of that" in page


@pytest.mark.parametrize("ticked", [{}, {"own_checked": "on"}])
def test_nobody_comes_to_open_a_record_of_whom_its_person_was_not_asked(desk, made, real, stranger, ticked):
    answer = press(desk, made, real, **ticked)
    assert answer.status_code == 422
    assert "Check it with the person first, or with a parent of a child." in answer.content.decode()
    assert not opens(stranger, real)
    assert opens(stranger, made)
    assert ToDo.objects.still_open().count() == 1


def test_the_deed_itself_refuses_without_having_asked(made, real, stranger):
    with pytest.raises(NotChecked):
        signing_in.move_account(patient=made, to=real, checked=[make.user()], by=make.actor(), now=timezone.now())
    assert not opens(stranger, real)
    assert opens(stranger, made)


def test_once_asked_the_carer_opens_it_by_name_and_the_patient_hears_of_it(desk, made, real, stranger):
    answer = press(desk, made, real, carer_checked="on")
    said = words_of(desk.get(answer.url))
    assert "The record of Jordan Reid is open to Linh Tran (linh@example.com), as carer (Other) from now on." in said
    carer = carers_of(real).get()
    assert (carer.user, carer.relationship) == (stranger, "other")
    # An adult's invoices go to somebody else only where that is ticked.
    assert not carer.is_billed
    told = [notice.to for notice in Notice.objects.filter(template="account/carers_changed")]
    assert told.count("jordan@example.com") == 1
    assert Entry.objects.filter(verb="carer.added").exists()


def test_invoices_go_to_the_carer_where_that_is_ticked(desk, made, real):
    press(desk, made, real, carer_checked="on", is_billed="on")
    assert carers_of(real).get().is_billed


def test_a_childs_invoices_are_proposed_to_go_where_they_went(desk, made, real):
    page = reverse("reception:compare", args=[made.code])
    (row,) = desk.get(page).context["rows"]
    assert row.form["is_billed"].value() is False
    for record in (real, made):
        record.date_of_birth = timezone.localdate().replace(year=timezone.localdate().year - 9, day=1)
        record.save(update_fields=["date_of_birth"])
        reindex(record)
    (row,) = desk.get(page).context["rows"]
    assert row.form["is_billed"].value() is True


def test_who_came_to_the_record_after_the_page_was_not_asked_about(desk, made, real, stranger):
    page = reverse("reception:compare", args=[made.code])
    (row,) = desk.get(page).context["rows"]
    make.carer(patient=made, user=make.user(email="later@example.com"))
    sent = {"same": str(real.code), "seen": row.form["seen"].value(), "carer_checked": "on"}
    assert "Somebody else signs in" in words_of(desk.post(page, sent, follow=True))
    assert not carers_of(real).exists()


def test_an_account_of_ones_own_is_asked_about_as_well(desk, stranger):
    record, made = on_file(), on_file(user=stranger, email=stranger.email, compared_at=None)
    tasks.look_at_people()
    answer = press(desk, made, record, carer_checked="on")
    assert answer.status_code == 422
    assert "Check it with the person first." in answer.content.decode()
    record.refresh_from_db()
    assert record.user is None
    said = words_of(desk.get(press(desk, made, record, own_checked="on").url))
    assert "open to Linh Tran (linh@example.com), as the patient themself" in said
    record.refresh_from_db()
    assert record.user == stranger


def test_who_opens_it_already_needs_no_tick(desk, made, real, stranger):
    make.carer(patient=real, user=stranger)
    assert "they open this record already" in desk.get(reverse("reception:compare", args=[made.code])).content.decode()
    assert "Nobody new opens the record" in words_of(desk.get(press(desk, made, real).url))
    assert (carers_of(real).count(), carers_of(made).count()) == (1, 0)


def test_the_same_person_whose_record_stays_closed(desk, made, real, stranger):
    answer = press(desk, made, real, closed="yes")
    assert answer.url == reverse("reception:patient", args=[real.code])
    assert "stays closed to Linh Tran (linh@example.com)" in words_of(desk.get(answer.url))
    assert not opens(stranger, real)
    assert opens(stranger, made)
    assert ToDo.objects.get().outcome == "same_closed"
    kept = Entry.objects.get(verb="patient.kept_closed")
    assert kept.facts == {"patient": made.pk}
    # Said twice, it is said once.
    desk.post(reverse("reception:compare", args=[made.code]), {"same": str(real.code), "closed": "yes"})
    assert Entry.objects.filter(verb="patient.kept_closed").count() == 1


# ---- What goes along ------------------------------------------------------------------------------------------------

# Of every table that names a patient: what becomes of its rows when somebody comes to open the real record.
GOES = {"appointments.WaitlistEntry": "waiting, with its open offers", "patients.Carer": "whoever signs in"}
STAYS = {
    "patients.Consent": "what was agreed to, and when, never changes",
    "patients.ChannelConsent": "what was said of a channel, and when, never changes",
    "patients.ContactWays": "how they are reached about one record, as they said it of that one",
    "messaging.Thread": "whoever opens both records reads both; what was written stays with whom it was written",
    "patients.MailedLink": "a link opens the record that it was mailed for",
    "patients.Reading": "what was read stays read",
    "patients.SearchKey": "how the record itself is found",
    "appointments.Series": "with its sessions",
    "appointments.Appointment": "what was agreed and is billed for it: the desk is told to book it again",
    "appointments.CalendarFeed": "the address of one record's sessions; its person makes one of the other",
    "medicare.UsedElsewhere": "said at the desk, of the record with the history",
    "medicare.Referral": "a letter's count is of the record that it is on",
    "records.Handover": "clinical",
    "records.ProgressNote": "clinical, and never changes",
    "billing.Invoice": "a paper that was given out never changes",
    "billing.MedicareClaim": "goes with its invoice",
    "billing.AssignmentOfBenefit": "goes with its invoice",
    "billing.Payment": "money never changes whose it is",
    "billing.Taking": "money never changes whose it is",
    "billing.PaidBooking": "what was paid for one session",
    "billing.SavedCard": "consent is of whoever gave it, for the record it was given for",
    "billing.PatientPayer": "who pays for one record, as somebody agreed to it",
    "billing.Waiver": "of one session's fee",
    "billing.PaymentPlan": "of invoices, which stay where they are",
    "billing.ReminderHold": "of invoices, or of one record as somebody asked",
    "records.Measure": "clinical",
    "records.MeasurePlan": "clinical",
    "records.Report": "clinical",
    "records.RiskAlert": "clinical",
    "resources.Resource": "clinical",
    "resources.Share": "clinical",
}


def test_of_every_table_that_names_a_patient_it_is_said_what_goes_along():
    naming = {
        field.model._meta.label
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is Patient
    }
    assert naming == GOES.keys() | STAYS.keys()
    assert not GOES.keys() & STAYS.keys()


def test_who_waits_keeps_their_turn_and_their_offer_on_the_real_record(desk, made, real, stranger):
    entry = make.waiting(patient=made, joined_at=timezone.now() - timedelta(days=9))
    offer = make.offer(entry=entry)
    before = entry.joined_at
    assert opens(stranger, made)
    press(desk, made, real, carer_checked="on")
    entry.refresh_from_db()
    offer.refresh_from_db()
    assert (entry.patient, entry.joined_at, entry.is_waiting, offer.is_open) == (real, before, True, True)
    assert Offer.objects.visible_to(Actor(user=stranger, role=Role.PATIENT)).get() == offer
    assert Entry.objects.get(verb="waitlist.handed_over").facts["patient"] == real.pk
    assert not made.waitlist_entries.exists()


def test_nobody_who_has_been_here_waits_for_a_first_visit(desk, made, real):
    first = make.service(name="First visit", first_visit_only=True)
    entry = make.waiting(patient=made, service=first)
    make.appointment(patient=real, status="completed")
    said = words_of(desk.get(press(desk, made, real, carer_checked="on").url))
    assert "They no longer wait for First visit: has been here before." in said
    entry.refresh_from_db()
    assert (entry.is_waiting, entry.ended_why) == (False, "been_here")


def test_who_waits_for_it_already_waits_once(desk, made, real):
    service = make.service()
    kept, entry = make.waiting(patient=real, service=service), make.waiting(patient=made, service=service)
    assert "waits for it already" in words_of(desk.get(press(desk, made, real, carer_checked="on").url))
    entry.refresh_from_db()
    kept.refresh_from_db()
    assert (entry.ended_why, kept.is_waiting) == ("waits_too", True)


def test_work_about_an_offer_that_reached_nobody_goes_along(desk, made, real):
    raised = people.raise_unreached(make.offer(entry=make.waiting(patient=made)), by=make.actor(), now=timezone.now())
    press(desk, made, real, carer_checked="on")
    assert ToDo.objects.still_open().about(real).get() == raised


def test_where_the_record_stays_closed_the_waiting_stays_and_the_desk_reads_so(desk, made, real):
    entry = make.waiting(patient=made)
    said = words_of(desk.get(press(desk, made, real, closed="yes").url))
    assert "Put them on the waitlist here, then take them off there" in said
    entry.refresh_from_db()
    assert (entry.patient, entry.is_waiting) == (made, True)


@pytest.mark.parametrize("choice", [{"carer_checked": "on"}, {"closed": "yes"}])
def test_the_desk_reads_which_sessions_it_books_again(desk, made, real, choice):
    tomorrow = timezone.now().replace(second=0, microsecond=0) + timedelta(days=1)
    make.appointment(patient=made, starts_at=tomorrow)
    make.appointment(patient=made, status=Status.REQUESTED, starts_at=tomorrow + timedelta(days=1))
    said = words_of(desk.get(press(desk, made, real, **choice).url))
    assert "A session is booked on the other record" in said
    assert "A session was asked for on the other record" in said
