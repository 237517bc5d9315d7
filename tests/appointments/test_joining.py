"""How a session is joined, on every page and in every word of it: for both sides, and with no place's name."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from icalendar import Calendar

from portal.accounts.roles import Role
from portal.appointments import ics, joining, joining_for_staff
from portal.appointments.vocabulary import Status
from portal.clinic.models import ClinicSettings, Mode, Psychologist
from portal.journeys import booking
from portal.journeys.session_reminders import remind
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db

LINK = "https://rooms.example/mai-berg"
CLINIC, THEIRS = "(03) 9010 1234", "0491 570 156"


@pytest.fixture
def session():
    """By video, with somebody who has a link of their own, at a place whose name nobody may read."""
    make.clinic(phone="+61390101234")
    person = make.patient(user=make.user(email="lee@example.com"), phone="+61491570156")
    return make.appointment(
        psychologist=make.psychologist(video_link=LINK, user=make.user(role=Role.PSYCHOLOGIST, first_name="Mai")),
        patient=person,
        location=make.location(name="Zebra House"),
        mode=Mode.VIDEO,
        starts_at=timezone.now().replace(second=0, microsecond=0) + timedelta(days=3),
    )


def said(session, *, is_mailed=False):
    found = joining.for_patient(session, clinic=ClinicSettings.current(), is_mailed=is_mailed)
    return found and found.in_one_line


def mails(session):
    now = timezone.now()
    booking.notify(session, "appointment_booked", now=now)
    booking.notify(session, "appointment_moved", now=now)
    remind(session, which=1, hours=24, needs_it=True, now=now)
    found = {notice.template: notice for notice in Notice.objects.all()}
    assert found.keys() >= {"appointment_booked", "appointment_moved", "appointment_reminder"}
    return [part for notice in found.values() for part in (notice.text, notice.html)]


def pages(session):
    """What the patient, the psychologist and the desk read of it: its own page, the home page, the diary."""
    theirs, ours = make.client_for(session.patient.user), make.client_for(session.psychologist.user)
    desk = make.signed_in_client(role=Role.RECEPTION)
    return {
        "patient": theirs.get(reverse("patient:appointment", args=[session.code])).content.decode(),
        "patient's home": theirs.get(reverse("patient:home")).content.decode(),
        "psychologist": ours.get(reverse("psychologist:session", args=[session.code])).content.decode(),
        "desk": desk.get(reverse("reception:appointment", args=[session.code])).content.decode(),
    }


def test_a_link_stands_on_every_page_and_in_every_mail(session):
    found = pages(session)
    for name, body in found.items():
        assert f'href="{LINK}"' in body, name
        assert name == "desk" or "Zebra House" not in body, name
    assert f"If you can&#x27;t get in, phone us: {CLINIC}." in found["patient"]
    assert "The patient has the same link" in found["psychologist"]
    for part in mails(session):
        assert LINK in part
        assert "Zebra House" not in part


def test_where_video_is_off_both_sides_are_told_and_whom_to_phone(session):
    Psychologist.objects.update(video_link="")
    session.refresh_from_db()
    for name, body in pages(session).items():
        words = "isn&#x27;t set up here yet" if name.startswith("patient") else "there is no link"
        assert words in body, name
        assert CLINIC in body or not name.startswith("patient"), name
    for part in mails(session):
        assert CLINIC in part


def test_of_a_session_by_phone_it_is_said_who_rings_whom_on_which_number(session):
    session.mode = Mode.PHONE
    session.save(update_fields=["mode"])
    found = pages(session)
    assert f"We ring you on {THEIRS}." in found["patient"]
    for name in ("psychologist", "desk"):
        assert f"{session.psychologist.name} rings {THEIRS}." in found[name], name
    for part in mails(session):
        assert "the number that ends in 156" in part
        assert THEIRS not in part
        assert f"phone us: {CLINIC}" in part
    session.patient.phone = ""
    assert said(session) == f"By phone, but we have no number of yours. Please phone us before it begins: {CLINIC}."


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW, Status.DECLINED])
def test_nobody_is_told_how_to_join_what_is_over(session, status):
    session.status = status
    assert said(session) is None
    assert joining_for_staff.for_staff(session) is None


def test_in_person_nothing_is_joined(session):
    session.mode = Mode.IN_PERSON
    assert (said(session), joining_for_staff.for_staff(session)) == (None, None)


def test_a_calendar_entry_holds_the_link_only_for_who_chose_names(session):
    def entry(**how):
        calendar = Calendar.from_ical(
            ics.invitation(session, clinic=ClinicSettings.current(), now=timezone.now(), **how)
        )
        (event,) = calendar.walk("VEVENT")
        return str(event["location"]), str(event["description"])

    assert entry()[0] == "By video"
    assert LINK not in entry()[1]
    assert "How to join stands in our e-mail" in entry()[1]
    assert LINK in entry(is_named=True)[1]


@pytest.mark.parametrize("language", ["vi", "ar", "zh-hans"])
def test_it_is_said_in_every_language(session, language):
    english = {mode: _said_as(session, mode) for mode in Mode}
    with override(language):
        assert all(_said_as(session, mode) != english[mode] for mode in (Mode.VIDEO, Mode.PHONE))


def _said_as(session, mode):
    session.mode = mode
    return said(session)


@pytest.mark.parametrize(
    "link", ["http://rooms.example/mai", "javascript:alert(1)", "https://mai:pass@rooms.example/", "x"]
)
def test_a_link_that_is_none_is_refused(session, link):
    client = make.client_for(session.psychologist.user)
    page = client.get(reverse("psychologist:profile"))
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent.pop("photo", None)
    answer = client.post(reverse("psychologist:profile"), sent | {"video_link": link})
    assert answer.status_code in {200, 422}
    assert "It begins with https://." in answer.content.decode()
    assert Psychologist.objects.get().video_link == LINK


def test_the_database_keeps_links_safe(session):
    with pytest.raises(IntegrityError), transaction.atomic():
        Psychologist.objects.update(video_link="javascript:alert(1)")
