"""Texts that people send: yes, no, stop and start are understood once each, and the front desk reads the rest."""

from datetime import timedelta
from itertools import count
from xml.etree import ElementTree

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.journeys import contacting, session_reminders
from portal.messaging.models import Thread
from portal.notifications.models import InboundText, Notice
from portal.patients.models import ContactWays
from portal.patients.said import Said, means
from portal.worklist.models import ToDo
from tests import make
from tests.notifications import twilio

pytestmark = pytest.mark.django_db
PHONE, HOURS = "+61491570156", timedelta(hours=1)
ADDRESS = "/api/webhooks/twilio/"
_sids = count(1)


@pytest.fixture
def clinic(settings):
    twilio.reach(settings, "http://127.0.0.1:9")
    return make.clinic(remind_hours=24, cancel_hours=48, late_fee_percent=50)


def reminded(name, *, hours=20, **patient):
    """Somebody with this phone, whose session was just reminded of by a text."""
    person = make.patient(phone=PHONE, legal_first_name=name, preferred_name="", **patient)
    make.ways(patient=person, prefers="sms", by_sms=True)
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + hours * HOURS
    session = make.appointment(patient=person, starts_at=starts, cancel_hours=48, late_fee_percent=50)
    assert session_reminders.remind(session, which=1, hours=24, needs_it=True, now=timezone.now()) == 1
    return session


def text(settings, body, *, sid="", sender=PHONE, signature=None, **more):
    said = {
        "AccountSid": twilio.ACCOUNT,
        "MessageSid": sid or f"SM{next(_sids):032d}",
        "From": sender,
        "To": twilio.FROM,
        "Body": body,
        **more,
    }
    signed = RequestValidator(twilio.TOKEN).compute_signature(settings.PORTAL_BASE_URL + ADDRESS, said)
    return Client().post(ADDRESS, said, headers={"X-Twilio-Signature": signed if signature is None else signature})


def answer(response):
    assert response.status_code == 200
    return "".join(ElementTree.fromstring(response.content).itertext())  # noqa: S314  our own answer


def confirmed(session):
    return Appointment.objects.get(pk=session.pk).confirmed_at is not None


def test_the_text_asks_for_an_answer_and_its_yes_shows_in_the_diary(clinic, settings):
    session = reminded("Mia")
    asked = Notice.objects.get()
    assert (asked.channel, "Please reply YES or NO, or answer here:" in asked.text) == ("sms", True)
    assert answer(text(settings, "Yes!", sid="SM1")).startswith("Thank you, see you on ")
    assert confirmed(session)
    page = make.signed_in_client(role=Role.RECEPTION).get(
        "/reception/", {"day": session.local_start.date().isoformat()}
    )
    assert "Confirmed" in page.content.decode()
    # Brought again it is answered the same, and done once.
    assert answer(text(settings, "Yes!", sid="SM1")).startswith("Thank you, see you on ")
    assert list(InboundText.objects.values_list("outcome", "about_code")) == [("confirmed", str(session.code))]
    assert not ToDo.objects.filter(kind="message_waits").exists()


def test_no_cancels_nothing_but_says_what_it_costs_and_where(clinic, settings):
    session = reminded("Mia")
    words = answer(text(settings, "no"))
    assert words.startswith("Nothing is cancelled yet. Cancelling costs $110.00 by now. Cancel ")
    link = words.rsplit(" ", 1)[1].removeprefix(settings.PORTAL_BASE_URL)
    page = Client().get(link, follow=True)
    assert page.request["PATH_INFO"].endswith("/cancel/")
    assert "$110" in page.content.decode()
    session.refresh_from_db()
    assert session.status == Status.BOOKED


def test_a_family_number_is_asked_whom_it_is_about(clinic, settings):
    mia, tom = reminded("Mia"), reminded("Tom", hours=22)
    assert answer(text(settings, "YES")) == "Whom is it about? Please answer with the number: 1 Mia, 2 Tom"
    assert (confirmed(mia), confirmed(tom)) == (False, False)
    assert answer(text(settings, "2")).startswith("Thank you")
    assert (confirmed(mia), confirmed(tom)) == (False, True)
    # One is left; of a no both could be meant.
    assert answer(text(settings, "no")).startswith("Whom is it about?")
    assert answer(text(settings, "tom")).startswith("Nothing is cancelled yet.")
    text(settings, "yes")
    assert confirmed(mia)


def test_stop_ends_texts_alone_and_start_brings_back_whoever_had_them(clinic, settings):
    session = reminded("Mia", user=make.user())
    never = make.patient(phone=PHONE)
    assert answer(text(settings, "Stop.")) == ""
    ways = ContactWays.objects.get()
    assert (ways.patient, ways.open_channels) == (session.patient, ["email"])
    assert answer(text(settings, "start")) == "Banksia Lane Psychology: you get texts again."
    ways.refresh_from_db()
    assert ways.open_channels == ["email", "sms"]
    assert not ContactWays.objects.filter(patient=never).exists()
    # What Twilio took for a stop is one, whatever its words.
    assert answer(text(settings, "CANCEL", OptOutType="STOP")) == ""
    ways.refresh_from_db()
    assert (ways.by_sms, Appointment.objects.get(pk=session.pk).status) == (False, Status.BOOKED)


def test_the_rest_is_the_front_desks_and_it_is_said_once(clinic, settings):
    reminded("Mia")
    assert "Our front desk reads this" in answer(text(settings, "I am running ten minutes late"))
    assert answer(text(settings, "And bring the form")) == ""
    assert "Our front desk" in answer(text(settings, "yes", sender="+61491570157"))
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get("/reception/to-do/").content.decode()
    # Both of Mia's in one conversation, the stranger's in another, each to be answered within the hour.
    threads = list(Thread.objects.order_by("pk"))
    assert [(one.patient and one.patient.called, one.last_number) for one in threads] == [("Mia", 2), (None, 1)]
    assert {to_do.about_code for to_do in ToDo.objects.filter(kind="message_waits")} == {str(t.code) for t in threads}
    assert ToDo.objects.filter(due_at__lt=timezone.now() + 24 * HOURS).count() == 2
    assert "0491 570 157" in page
    shown = desk.get(f"/reception/messages/{threads[0].code}/").content.decode()
    assert "I am running ten minutes late" in shown
    assert "Mia" in shown


def test_the_desk_answers_a_text_by_a_text(clinic, settings):
    reminded("Mia")
    text(settings, "I am running ten minutes late")
    (thread,), clerk = Thread.objects.all(), make.staff()
    desk = make.client_for(clerk)
    here = f"/reception/messages/{thread.code}/"
    assert "as a text message" in desk.get(here).content.decode()

    def write(body, **more):
        thread.refresh_from_db()
        return desk.post(here, {"body": body, "seen": thread.mark, **more})

    refused = write("x" * 1600)
    assert (refused.status_code, "letters too long" in refused.content.decode()) == (409, True)
    assert write("No worries, Mia.").status_code == 302
    notice = Notice.objects.get(template="text_answer")
    assert (notice.channel, notice.to, notice.text) == ("sms", PHONE, "Banksia Lane Psychology: No worries, Mia.")
    # No second word of it by another way, and nothing waits any more.
    assert not Notice.objects.filter(template="message_waiting").exists()
    assert not ToDo.objects.still_open().filter(kind="message_waits").exists()
    text(settings, "stop")
    assert "Ring 0491 570 156 to answer" in desk.get(here).content.decode()
    assert write("Are you there?").status_code == 409
    assert Notice.objects.filter(template="text_answer").count() == 1


def test_an_old_reminder_answers_for_no_other_time(clinic, settings):
    session = reminded("Mia")
    Appointment.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at + HOURS,
        ends_at=session.ends_at + HOURS,
        occupied_from=session.occupied_from + HOURS,
        occupied_until=session.occupied_until + HOURS,
    )
    assert "Our front desk" in answer(text(settings, "yes"))
    assert not confirmed(session)


def test_what_twilio_did_not_sign_is_not_read(clinic, settings):
    session = reminded("Mia")
    assert text(settings, "yes", signature="forged").status_code == 403
    assert text(settings, "yes", AccountSid="AC" + "f" * 32).status_code == 403
    assert not confirmed(session)
    assert not InboundText.objects.exists()
    # From a name nobody can be answered.
    assert answer(text(settings, "yes", sender="BANK")) == ""
    settings.TWILIO_ACCOUNT_SID = ""
    assert text(settings, "yes").status_code == 404


def test_what_came_in_never_changes(clinic, settings):
    text(settings, "hello", sid="SM7")
    with pytest.raises(IntegrityError), transaction.atomic():
        InboundText.objects.update(outcome="confirmed")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        *((word, Said.YES) for word in ("YES", "y", " Yes, ", "Có", "Vâng ạ"[:4], "是的", "نعم", "👍", "ok")),
        *((word, Said.NO) for word in ("No.", "CANCEL", "Không", "取消", "لا", "can't")),
        *((word, Said.STOP) for word in ("STOP", "Stop!", "unsubscribe", "停止", "إيقاف")),
        *((word, None) for word in ("", "yes but later", "no problem", "2", "stop by at nine?")),
    ],
)
def test_short_words_are_understood_in_four_languages_and_nothing_longer_is(words, said):
    assert means(words) == said


def by_whatsapp(settings, body, **more):
    return text(settings, body, sender=f"whatsapp:{PHONE}", To=f"whatsapp:{twilio.WHATSAPP_FROM}", **more)


def test_whatsapp_is_answered_as_a_text_is_and_its_stop_ends_whatsapp_alone(clinic, settings):
    session = reminded("Mia", user=make.user())
    ways = ContactWays.objects.get()
    contacting.change(
        patient=session.patient,
        values={"by_whatsapp": True, "prefers": "whatsapp"},
        by=make.actor(),
        now=timezone.now(),
    )
    assert "cancel" in answer(by_whatsapp(settings, "no")).lower()
    assert Appointment.objects.get(pk=session.pk).status == Status.BOOKED
    assert answer(by_whatsapp(settings, "Yes", sid="SM77")).startswith("Thank you, see you on ")
    assert confirmed(session)
    assert "Our front desk reads this" in answer(by_whatsapp(settings, "I am running late"))
    assert Thread.objects.get().patient == session.patient
    assert answer(by_whatsapp(settings, "STOP")) == ""
    ways.refresh_from_db()
    assert (ways.open_channels, ways.prefers) == (["email", "sms"], "email")
    assert set(InboundText.objects.values_list("channel", flat=True)) == {"whatsapp"}
    assert by_whatsapp(settings, "yes", signature="forged").status_code == 403
