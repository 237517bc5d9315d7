"""Several sessions booked at once from a time that is chosen, by the desk and by a psychologist."""

import html
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Series, Status
from portal.notifications.models import Notice
from tests import make
from tests.pages import decided, form_with, forms_in, sent_by

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2026, 9, 7, 2, 0, tzinfo=UTC)
# Tuesdays at five in the afternoon; the clocks go forward on 4 October.
FIRST = datetime(2026, 9, 15, 17, 0, tzinfo=MELBOURNE)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mai():
    make.clinic(slot_step_minutes=30)
    psychologist = make.psychologist(slug="mai")
    make.week(psychologist=psychologist, location=make.location(slug="brunswick"), starts="09:00", ends="19:00")
    make.service(minutes=50, buffer_after=10, slug="session")
    return psychologist


@pytest.fixture
def patient():
    return make.patient()


def tuesday(n):
    return (FIRST + n * WEEK).astimezone(UTC)


def page_of(patient, namespace="reception", **query):
    time = f"{tuesday(0):%Y-%m-%dT%H:%MZ} brunswick mai"
    query = {"time": time, "service": "session", "mode": "video", "repeat": "weekly", "count": "4"} | query
    return f"{reverse(f'{namespace}:book_series', args=[patient.code])}?{urlencode(query)}"


def post(client, patient, page, namespace="reception", **says):
    return client.post(reverse(f"{namespace}:book_series", args=[patient.code]), form_with(page, "once") | says)


def words(response):
    return html.unescape(response.content.decode())


def test_the_first_is_booked_with_the_others_and_one_mail_names_them_all(mai, patient):
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(page_of(patient))
    assert not Appointment.objects.exists()
    answer = post(desk, patient, page)
    assert (answer.status_code, answer.url) == (302, reverse("reception:patient", args=[patient.code]))
    rows = list(Appointment.objects.order_by("position"))
    assert [(row.position, row.starts_at, row.mode) for row in rows] == [(n + 1, tuesday(n), "video") for n in range(4)]
    assert {row.patient for row in rows} == {patient}
    notice = Notice.objects.get()
    assert notice.template == "series_booked"
    assert [f"{n} of 4" in notice.text for n in range(1, 5)] == [True] * 4


def test_the_first_may_clash_too_and_goes_to_its_nearest_free_time(mai, patient):
    make.appointment(psychologist=mai, starts_at=tuesday(0))
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(page_of(patient))
    assert f"{mai.name} has another session at this time." in words(page)
    assert post(desk, patient, page, **decided(page)).status_code == 302
    rows = Appointment.objects.filter(patient=patient).order_by("position")
    assert [row.is_moved_alone for row in rows] == [True, False, False, False]


def test_what_was_taken_meanwhile_leaves_nothing_booked(mai, patient):
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(page_of(patient))
    make.appointment(psychologist=mai, starts_at=tuesday(2))
    answer = post(desk, patient, page)
    assert answer.status_code == 409
    assert "Nothing was booked" in words(answer)
    assert not Series.objects.exists()
    assert post(desk, patient, answer, **decided(answer)).status_code == 302


def test_the_box_beside_the_free_times_leads_to_it(mai, patient):
    desk = make.signed_in_client(role=Role.RECEPTION)
    path = reverse("reception:book", args=[patient.code])
    page = desk.get(path, {"service": "session", "mode": "video", "psychologist": "mai"})
    assert 'name="repeat" value="yes" form="book-time"' in page.content.decode()
    [form] = [one for one in forms_in(page) if "once" in one.fields and "with_whom" not in one.fields]
    says = {"time": f"{tuesday(0):%Y-%m-%dT%H:%MZ} brunswick", "repeat": "yes"}
    answer = desk.post(path, sent_by(form) | says)
    assert answer.status_code == 302
    opened = desk.get(answer.url)
    assert opened.status_code == 200
    assert form_with(opened, "once")["mode"] == ["video"]
    assert not Appointment.objects.exists()


def test_an_empty_half_hour_leads_to_it_for_ones_own_patient(mai, patient):
    make.appointment(psychologist=mai, patient=patient, starts_at=NOW - WEEK, status=Status.COMPLETED)
    client = make.client_for(mai.user)
    here = reverse("psychologist:book_here", args=[patient.code])
    path = reverse("psychologist:book_series", args=[patient.code])
    assert path in words(client.get(here, {"time": f"{tuesday(0):%Y-%m-%dT%H:%MZ} brunswick mai"}))
    page = client.get(page_of(patient, "psychologist", repeat="fortnightly", count="3"))
    answer = post(client, patient, page, "psychologist")
    assert (answer.status_code, answer.url) == (302, reverse("psychologist:patient", args=[patient.code]))
    booked = Appointment.objects.filter(series__isnull=False).order_by("position")
    assert [row.starts_at for row in booked] == [tuesday(n) for n in (0, 2, 4)]
    assert {row.booked_by for row in booked} == {mai.user}


def test_nobody_elses_patient_and_no_other_diary(mai, patient):
    colleague = make.psychologist(slug="tom")
    make.week(psychologist=colleague, location=make.location())
    stranger = make.client_for(colleague.user)
    assert stranger.get(page_of(patient, "psychologist")).status_code == 404
    make.appointment(psychologist=colleague, patient=patient, starts_at=NOW - WEEK, status=Status.COMPLETED)
    # Their patient by now, but the diary is not theirs.
    assert stranger.get(page_of(patient, "psychologist")).status_code == 404
    assert make.client_for(make.user()).get(page_of(patient)).status_code == 403


def test_the_ways_to_meet_follow_what_is_booked(mai, patient):
    make.service(slug="by-phone", in_person=False, video=False, phone=True)
    desk = make.signed_in_client(role=Role.RECEPTION)
    headers = {"HX-Request": "true", "HX-Target": "series-times"}
    text = desk.get(page_of(patient, service="by-phone"), headers=headers).content.decode()
    (ways,) = re.findall(r'<select id="series-mode"[^>]*hx-swap-oob="true">(.*?)</select>', text)
    assert re.findall(r'value="(\w+)"', ways) == ["phone"]
    # On the page itself it stands in the form, and nothing takes its place.
    assert "hx-swap-oob" not in words(desk.get(page_of(patient)))


@pytest.mark.parametrize(
    "typed", [{"count": "2"}, {"mode": "in_person"}, {"repeat": "fortnightly"}], ids=lambda typed: next(iter(typed))
)
@pytest.mark.parametrize("namespace", ["reception", "psychologist"])
def test_nothing_is_booked_that_the_list_did_not_show(mai, patient, namespace, typed):
    make.appointment(psychologist=mai, patient=patient, starts_at=NOW - WEEK, status=Status.COMPLETED)
    client = make.signed_in_client(role=Role.RECEPTION) if namespace == "reception" else make.client_for(mai.user)
    answer = post(client, patient, client.get(page_of(patient, namespace)), namespace, **typed)
    assert (answer.status_code, Series.objects.count()) == (409, 0)
    assert "what is chosen above was changed" in words(answer)
    shown = form_with(answer, "once")
    assert {name: shown[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert post(client, patient, answer, namespace).status_code == 302
    assert Series.objects.count() == 1


def test_the_times_are_shown_without_script_for_what_was_chosen(mai, patient):
    desk = make.signed_in_client(role=Role.RECEPTION)
    answer = post(desk, patient, desk.get(page_of(patient)), count="2", mode="in_person", show="yes")
    assert (answer.status_code, Series.objects.count()) == (302, 0)
    shown = form_with(desk.get(answer.url), "once")
    assert (shown["count"], shown["mode"]) == (["2"], ["in_person"])
    assert len([name for name in shown if name.endswith("-take")]) == 2
