"""How somebody wants to be reached: which way a notice takes, at which hour, and what the database refuses."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.billing.models import Invoice
from portal.common.forms.shown import SHOWN, written
from portal.journeys import booking, mailing, session_reminders
from portal.notifications.models import Notice
from portal.notifications.rendering import has_words_for_phones
from portal.patients import ways
from portal.patients.models import ChannelConsent, ContactWays
from portal.patients.reaching import readers_of, unreached
from tests import make
from tests.notifications import twilio

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)
PHONE = "+61491570156"
TEXTED = {"prefers": "sms", "by_sms": True}


@pytest.fixture
def patient():
    make.clinic()
    return make.patient(user=make.user(email="mina@example.com"), phone=PHONE)


@pytest.fixture
def texting(settings):
    twilio.reach(settings, "http://127.0.0.1:9")


def where(patient, template="appointment_booked", **options):
    patient.refresh_from_db()
    return [[(one.channel, one.address) for one in reader.to(template, **options)] for reader in readers_of(patient)]


def form_of(client, address):
    return client.get(address).context["form"]


def typed(form, **changes):
    values = {name: form[name].value() for name in form.fields} | changes
    sent = {name: ("on" if value is True else value) for name, value in values.items() if value not in (None, False)}
    return {**sent, **shown_in(form)}


def shown_in(form):
    return {SHOWN: written(form.stored)}


# ---- Which way ------------------------------------------------------------------------------------------------------


def test_without_a_word_it_is_e_mail_alone(patient, texting):
    assert where(patient) == [[("email", "mina@example.com")]]
    assert ContactWays.objects.count() == 0


@pytest.mark.parametrize(
    ("said", "goes"),
    [
        (TEXTED, [("sms", PHONE), ("email", "mina@example.com")]),
        ({"by_sms": True}, [("email", "mina@example.com"), ("sms", PHONE)]),
        ({**TEXTED, "by_email": False}, [("sms", PHONE)]),
        (
            {"prefers": "whatsapp", "by_whatsapp": True, "by_sms": True},
            [("whatsapp", PHONE), ("sms", PHONE), ("email", "mina@example.com")],
        ),
    ],
)
def test_the_preferred_way_comes_first_and_what_is_closed_never(patient, texting, said, goes):
    make.ways(patient=patient, **said)
    assert where(patient) == [goes]
    # A bill is a paper: its mailbox comes first.
    papers = where(patient, "invoice", has_paper=True)[0]
    assert sorted(papers) == sorted(goes)
    assert papers[0][0] == "email" or said.get("by_email") is False


def test_without_an_account_for_texts_the_mailbox_comes_first(patient):
    make.ways(patient=patient, **TEXTED)
    assert where(patient) == [[("email", "mina@example.com"), ("sms", PHONE)]]
    assert "No account for text messages" in ways.phones_off()


def test_nobody_is_written_to_who_said_so(patient, texting):
    make.ways(patient=patient, **TEXTED, nobody_writes=True)
    other = make.patient(email="", phone=PHONE)
    make.ways(patient=other, **TEXTED, by_email=False)
    closed = make.patient()
    make.ways(patient=closed, **TEXTED, by_email=False)
    assert where(patient) == []
    assert unreached([patient.pk, other.pk, closed.pk]) == {patient.pk, closed.pk}
    session = make.appointment(patient=patient)
    assert booking.notify(session, "appointment_booked", now=timezone.now()) is False
    assert mailing.reader_of(Invoice(patient=patient, bill_to_name=patient.legal_name)) is None


def test_a_childs_phone_is_its_first_carers(patient, texting):
    child = make.patient(email="", phone=PHONE, legal_first_name="Mia", preferred_name="")
    for name in ("Hue", "Tran"):
        make.carer(patient=child, user=make.user(first_name=name))
    make.ways(patient=child, **TEXTED)
    assert [[channel for channel, _to in one] for one in where(child)] == [["sms", "email"], ["email"]]
    booking.notify(make.appointment(patient=child), "appointment_booked", now=timezone.now())
    text = Notice.objects.get(channel="sms").text
    assert text.startswith("Banksia Lane Psychology (Mia): Your appointment is booked for ")


def test_every_notice_to_patients_has_words_for_a_phone():
    told = [
        *("appointment_booked", "appointment_moved", "appointment_changed", "appointment_stays"),
        *("appointment_cancelled", "appointment_reminder", "appointment_requested", "request_ended"),
        *("series_booked", "series_moved", "series_cancelled", "waitlist_offer", "times_offered", "paid_time_gone"),
        *("file_shared", "payment_received", "receipt", "statement", "invoice", "reminder"),
    ]
    assert [one for one in told if not has_words_for_phones(one)] == []


# ---- When -----------------------------------------------------------------------------------------------------------

PERTH = ZoneInfo("Australia/Perth")


@pytest.mark.parametrize(
    ("hours", "at", "goes"),
    [
        (None, "2026-11-18T03:00", "2026-11-18T03:00"),
        ((time(9), time(15)), "2026-11-18T09:00", "2026-11-18T09:00"),
        ((time(9), time(15)), "2026-11-18T14:59", "2026-11-18T14:59"),
        ((time(9), time(15)), "2026-11-18T15:00", "2026-11-19T09:00"),
        ((time(9), time(15)), "2026-11-18T03:00", "2026-11-18T09:00"),
        # A day that ends after midnight.
        ((time(20), time(2)), "2026-11-18T01:00", "2026-11-18T01:00"),
        ((time(20), time(2)), "2026-11-18T02:00", "2026-11-18T20:00"),
    ],
)
def test_safe_hours_are_by_their_own_clock(hours, at, goes):
    moment = datetime.fromisoformat(at).replace(tzinfo=PERTH)
    assert ways.safe_at(hours, moment, zone=PERTH) == datetime.fromisoformat(goes).replace(tzinfo=PERTH)


def test_a_confirmation_and_a_reminder_wait_for_the_safe_hours(patient, texting):
    make.clinic(remind_hours=24, remind_again_hours=None)
    # The session is at 10 in Melbourne; they may be written to from 1 to 3 in the afternoon.
    make.ways(patient=patient, **TEXTED, safe_from=time(13), safe_until=time(15))
    session = make.appointment(patient=patient, starts_at=NOW, booked_at=NOW - timedelta(days=9))
    with time_machine.travel(NOW - timedelta(days=9), tick=False):
        booking.notify(session, "appointment_booked", now=NOW - timedelta(days=9))
    booked = Notice.objects.get()
    assert booked.next_attempt_at == NOW - timedelta(days=9) + timedelta(hours=3)
    last = datetime(2026, 11, 17, 2, 0, tzinfo=UTC)
    assert session_reminders.due_at(session, hours=24, clinic=make.clinic()) == last
    Notice.objects.update(created_at=NOW - timedelta(days=9))
    session_reminders.go_round(now=last)
    text = Notice.objects.get(template="appointment_reminder")
    assert (text.channel, len(text.otherwise)) == ("sms", 1)
    assert "Your appointment is on Wed 18 Nov, 10:00 am." in text.text
    assert "Please reply YES or NO, or answer here:" in text.text


# ---- The pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["patient", "desk"])
def test_what_is_said_is_kept_with_who_wrote_it_down(patient, who):
    if who == "patient":
        by, address = patient.user, reverse("patient:contact", args=[patient.code])
    else:
        by, address = make.user(role=Role.RECEPTION), reverse("reception:contact", args=[patient.code])
    client = make.client_for(by)
    body = client.get(address).content.decode()
    assert "sends no text messages" in body
    form = form_of(client, address)
    sent = typed(
        form, prefers="sms", by_sms=True, safe_from="9:00", safe_until="15:00", not_told="Bob Stone\nMy mother"
    )
    assert client.post(address, sent).status_code == 302
    row = ContactWays.objects.get()
    assert (row.open_channels, row.people_not_told) == (["sms", "email"], ["Bob Stone", "My mother"])
    said = ChannelConsent.objects.get()
    assert (said.channel, said.agrees, said.said_by, said.how) == (
        *("sms", True, by),
        *(("page",) if who == "patient" else ("desk",)),
    )
    entry = Entry.objects.get(verb="patient.contact_changed")
    assert entry.facts["fields"] == ["by_sms", "not_told", "prefers", "safe_from", "safe_until"]
    assert "Bob" not in str(entry.facts)
    # The page of before changes nothing that was said meanwhile.
    assert client.post(address, {**typed(form, prefers="email", by_sms=False), "not_told": "Bob"}).status_code == 422
    assert ContactWays.objects.get().prefers == "sms"
    # Closed again, on the page that shows it: one more row, and what was said first stays.
    fresh = typed(form_of(client, address), prefers="email", by_sms=False)
    assert client.post(address, fresh).status_code == 302
    assert [row.agrees for row in ChannelConsent.objects.order_by("pk")] == [True, False]
    if who == "desk":
        page = client.get(reverse("reception:patient", args=[patient.code])).content.decode()
        assert "Bob Stone, My mother" in page
        assert "9:00" in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"by_email": False}, "by_email"),
        ({"prefers": "sms"}, "prefers"),
        ({"safe_from": "9:00"}, "safe_until"),
        ({"safe_from": "9:00", "safe_until": "9:00"}, "safe_until"),
    ],
)
def test_what_says_nothing_is_asked_again(patient, changes, field):
    client = make.client_for(patient.user)
    address = reverse("patient:contact", args=[patient.code])
    answer = client.post(address, typed(form_of(client, address), **changes))
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})


def test_another_familys_ways_are_nobodys_to_see(patient):
    client = make.client_for(make.patient(user=make.user()).user)
    assert client.get(reverse("patient:contact", args=[patient.code])).status_code == 404


# ---- What the database refuses --------------------------------------------------------------------------------------


def test_no_phone_is_open_without_a_yes_on_file(patient):
    def refused(do):
        with pytest.raises(IntegrityError), transaction.atomic():
            do()

    refused(lambda: ContactWays.objects.create(patient=patient, by_sms=True, changed_at=NOW))
    row = make.ways(patient=patient, **TEXTED)
    refused(lambda: ContactWays.objects.filter(pk=row.pk).update(by_whatsapp=True))
    ways.say_by_text(patient=patient, channel="sms", agrees=False, by=make.actor(), now=NOW)
    refused(lambda: ContactWays.objects.filter(pk=row.pk).update(by_sms=True))
    refused(lambda: ContactWays.objects.filter(pk=row.pk).update(prefers="sms"))
    refused(lambda: ContactWays.objects.filter(pk=row.pk).update(safe_from=time(9)))
    refused(lambda: ChannelConsent.objects.update(agrees=True))


def test_stop_ends_that_channel_only_and_start_opens_it(patient, texting):
    make.ways(patient=patient, **TEXTED, by_whatsapp=True)
    by = make.actor()
    ways.say_by_text(patient=patient, channel="sms", agrees=False, by=by, now=NOW)
    assert where(patient) == [[("email", "mina@example.com"), ("whatsapp", PHONE)]]
    ways.say_by_text(patient=patient, channel="sms", agrees=True, by=by, now=NOW)
    assert [channel for channel, _to in where(patient)[0]] == ["email", "sms", "whatsapp"]
    assert ChannelConsent.objects.filter(how="text", said_by=None).count() == 4
