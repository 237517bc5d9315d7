"""An e-mail that did not arrive, sent again from the desk."""

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.journeys.to_do import notices
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    make.clinic()
    return make.signed_in_client(role=Role.RECEPTION)


@pytest.fixture
def patient():
    return make.patient(email="mina@wrong.example")


def notice(*, about, state=State.FAILED, secret=False, error="SMTPRecipientsRefused 550", **fields):
    made = outbox.queue(
        template="account/password_changed",
        to=Recipient.by_email("mina@wrong.example"),
        about=about,
        context={"at": timezone.now()},
        secret=secret,
        dedupe_key=f"n:{Notice.objects.count()}",
    )
    Notice.objects.filter(pk=made.pk).update(state=state, error=error, **fields)
    notices.raise_undelivered(by=make.actor(), now=timezone.now())
    return Notice.objects.get(pk=made.pk)


def url(made, name="notice"):
    return reverse(f"reception:{name}", args=[made.code])


def said(response):
    return [str(message) for message in response.context["messages"]]


def again():
    return list(Notice.objects.filter(dedupe_key__startswith="again:").values_list("state", flat=True))


@pytest.mark.parametrize("name", ["notice", "notice_arrived"])
@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 302), (Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403), (Role.RECEPTION, 302), (Role.MANAGER, 302)],
)
def test_who_may(patient, name, role, status):
    made = notice(about=make.appointment(patient=patient), state=State.UNKNOWN)
    client = make.client_for(None) if role is None else make.signed_in_client(role=role)
    answer = client.post(url(made, name), {"address": made.to})
    assert answer.status_code == status
    assert bool(Notice.objects.needing_eyes().count()) is (role not in {Role.RECEPTION, Role.MANAGER})
    assert "mina@wrong.example" not in answer.content.decode()


def test_to_the_address_that_is_right(desk, patient):
    made = notice(about=make.appointment(patient=patient))
    body = desk.get(url(made)).content.decode()
    assert "there is no such address" in body
    assert 'value="mina@wrong.example"' in body
    assert reverse("reception:edit_patient", args=[patient.code]) in body
    answer = desk.post(url(made), {"address": "mina@right.example"}, follow=True)
    assert said(answer) == ["It is on its way to mina@right.example."]
    sent = Notice.objects.get(dedupe_key=f"again:{made.code}")
    assert (sent.to, sent.state, sent.text) == ("mina@right.example", State.PENDING, made.text)
    assert not ToDo.objects.still_open().exists()


def test_the_address_on_file_is_offered(desk, patient):
    made = notice(about=make.appointment(patient=patient))
    patient.email = "mina@right.example"
    patient.save(update_fields=["email"])
    assert 'value="mina@right.example"' in desk.get(url(made)).content.decode()


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example"])
def test_what_is_no_address_is_said_beside_the_field(desk, patient, address):
    made = notice(about=make.appointment(patient=patient))
    answer = desk.post(url(made), {"address": address})
    assert answer.status_code == 422
    assert answer.context["form"].errors["address"]
    assert (again(), ToDo.objects.still_open().count()) == ([], 1)


def test_sent_twice_by_a_double_click_and_by_a_colleague(desk, patient):
    made = notice(about=make.appointment(patient=patient))
    colleague = make.signed_in_client(role=Role.RECEPTION)
    for client in (desk, desk, colleague):
        answer = client.post(url(made), {"address": "mina@right.example"}, follow=True)
    assert said(answer) == ["Somebody has dealt with that message already, or its words are gone."]
    assert again() == [State.PENDING]
    body = colleague.get(url(made)).content.decode()
    assert f"{desk.user.name} has dealt with it already." in body
    assert "Send again" not in body


def test_an_account_notice_goes_to_its_own_address_whatever_is_sent(desk):
    made = notice(about=make.user())
    body = desk.get(url(made)).content.decode()
    assert ('name="address"' in body, "Send again" in body) == (False, True)
    desk.post(url(made), {"address": "clerk@clinic.example"})
    assert Notice.objects.get(dedupe_key=f"again:{made.code}").to == "mina@wrong.example"


def test_the_words_of_a_secret_are_not_shown(desk):
    made = notice(about=make.user(), state=State.UNKNOWN, secret=True)
    assert "What it says" not in desk.get(url(made)).content.decode()
    gone = notice(about=make.user(), secret=True, text=None, html=None, attachments=None)
    body = desk.get(url(gone)).content.decode()
    assert ("its words are gone" in body, "Send again" in body) == (True, False)
    desk.post(url(gone))
    assert again() == []


def test_it_arrived_after_all(desk, patient):
    made = notice(about=make.appointment(patient=patient), state=State.UNKNOWN, error="SMTPServerDisconnected")
    body = desk.get(url(made)).content.decode()
    assert ("Nobody knows whether it arrived." in body, url(made, "notice_arrived") in body) == (True, True)
    assert said(desk.post(url(made, "notice_arrived"), follow=True)) == ["Noted: it arrived."]
    assert said(desk.post(url(made, "notice_arrived"), follow=True)) == [
        "Somebody has dealt with that message already."
    ]
    assert not ToDo.objects.still_open().exists()


def test_one_that_was_withdrawn_says_so_and_is_not_sent(desk, patient):
    made = notice(about=make.appointment(patient=patient))
    outbox.withdraw(about=made_about(patient), why="cancelled", now=timezone.now())
    body = desk.get(url(made)).content.decode()
    assert ("it was withdrawn and not sent" in body, "Send again" in body) == (True, False)
    desk.post(url(made), {"address": made.to})
    assert again() == []


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (State.SENT, {"sent_at": timezone.now()}, "it was sent all the same"),
        (State.UNKNOWN, {}, "They may have got it all the same"),
        (State.SENDING, {"lease_until": timezone.now()}, "It was being sent just then"),
    ],
)
def test_one_that_went_although_it_was_withdrawn_is_not_said_to_be_unsent(desk, patient, state, fields, words):
    made = notice(about=make.appointment(patient=patient), state=state, **fields)
    Notice.objects.update(withdrawn_at=timezone.now(), withdrawn_why="cancelled")
    body = desk.get(url(made)).content.decode()
    assert ("What it says no longer holds" in body, words in body) == (True, True)
    assert "withdrawn and not sent" not in body


@pytest.mark.parametrize(
    ("error", "words"),
    [("30006", "it is no mobile phone"), ("30003", "switched off"), ("21610", "ended texts"), ("99999", "Ring them")],
)
def test_a_text_that_bounced_is_put_right_at_the_desk(desk, patient, error, words):
    patient.phone = "+61491570156"
    patient.save(update_fields=["phone"])
    made = notice(
        about=make.appointment(patient=patient),
        state=State.SENT,
        error="",
        channel="sms",
        delivery="bounced",
        delivery_at=timezone.now(),
        delivery_error=error,
        sent_at=timezone.now(),
    )
    made.to, made.subject = "+61480000004", ""
    made.save(update_fields=["to", "subject"])
    line = desk.get("/reception/to-do/").content.decode()
    assert url(made) in line
    assert "Text message" in line
    body = desk.get(url(made)).content.decode()
    assert ("It did not arrive." in body, words in body, "0491 570 156" in body) == (True, True, True)
    assert desk.post(url(made), {"address": "nobody"}).status_code == 422
    answer = desk.post(url(made), {"address": "0491 570 157"}, follow=True)
    assert said(answer) == ["It is on its way to +61491570157."]
    sent = Notice.objects.get(dedupe_key=f"again:{made.code}")
    assert (sent.channel, sent.to) == ("sms", "+61491570157")
    assert not ToDo.objects.still_open().exists()
    assert "has dealt with it already" in desk.get(url(made)).content.decode()


def made_about(patient):
    return patient.appointments.get()


def test_what_went_well_is_not_there(desk, patient):
    sent = notice(about=make.appointment(patient=patient), state=State.SENT, sent_at=timezone.now(), error="")
    assert desk.get(url(sent)).status_code == 404
    waiting = notice(about=make.appointment(), state=State.PENDING, error="")
    assert desk.post(url(waiting), {"address": waiting.to}).status_code == 404


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (State.FAILED, "SMTPRecipientsRefused 550", "there is no such address"),
        (State.FAILED, "SMTPDataError 554", "The mail server refused it."),
        (State.FAILED, "SMTPRecipientsRefused 451", "could not take it for a day"),
        (State.FAILED, "ChannelOff", "No mail server is set up."),
        (State.UNKNOWN, "LeaseRanOut", "broke while it was being sent"),
    ],
)
def test_why_is_said_in_words(desk, patient, state, error, words):
    made = notice(about=make.appointment(patient=patient), state=state, error=error)
    body = desk.get(url(made)).content.decode()
    assert words in body
    assert error not in body
