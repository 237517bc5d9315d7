from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.clinic.models import ClinicSettings
from portal.common.languages.times import when
from portal.notifications.models import Notice
from portal.patients.models import Carer, Patient
from tests import make
from tests.web.public.held import send, shown_by, shown_on

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
DETAILS = {"who": "me", "legal_first_name": "Noor", "date_of_birth": "23/4/1990", "phone": "0491 570 006"}


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinic(db):
    return make.clinic(hold_minutes=10)


@pytest.fixture
def place(clinic):
    return make.location(slug="brunswick")


@pytest.fixture
def service(clinic):
    return make.service(slug="session", name="Session")


@pytest.fixture
def mai(place):
    mai = make.psychologist(slug="mai")
    make.week(psychologist=mai, location=place)
    return mai


@pytest.fixture
def times(service):
    return reverse("public:times", args=[service.slug])


@pytest.fixture
def confirm(service):
    return reverse("public:confirm", args=[service.slug])


def press(client: Client, times: str, *, hour: int = 0, **extra):
    value = f"2026-12-01T{hour:02d}:00Z brunswick"
    return client.post(times, {"time": value, "psychologist": "any", "mode": "in_person"}, **extra)


def htmx(target: str) -> dict:
    return {"headers": {"HX-Request": "true", "HX-Target": target}}


def test_the_week_is_a_page_and_a_fragment(client, mai, times):
    page, fragment = client.get(times), client.get(times, **htmx("times"))
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert b'id="times"' in fragment.content
    restored = client.get(times, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in restored.content
    assert "HX-Request" in fragment["Vary"]


@pytest.mark.parametrize("week", ["2026-12-02", "x", "9999-99-99", "0001-01-01", "9999-12-31", "2026-12-07%00"])
def test_any_week_in_the_address_answers(client, mai, times, week):
    assert client.get(f"{times}?week={week}").status_code == 200


@pytest.mark.parametrize("kwargs", [{}, htmx("times")], ids=["page", "fragment"])
def test_on_a_sunday_night_the_page_opens_on_times_and_says_which_week(client, mai, times, kwargs):
    with time_machine.travel(datetime(2026, 11, 29, 10, 30, tzinfo=UTC), tick=False):
        opened = client.get(times, **kwargs).content.decode()
        asked_for = client.get(f"{times}?week=2026-11-23", **kwargs).content.decode()
    assert 'class="time"' in opened
    assert "Mon 30 Nov – Sun 6 Dec" in opened
    assert "There are no free times before this week." in opened
    assert 'class="time"' not in asked_for
    assert "No free times this week" in asked_for
    assert "week=2026-11-30" in asked_for


def choose(client, times, page, slug):
    """Chooses somebody else on a page of times, as the list at its top does."""
    kept = dict(re.findall(r'<input type="hidden" form="whose-times" name="(\w+)" value="([^"]*)">', page))
    assert len(kept) == 1
    return client.get(times, kept | {"psychologist": slug, "mode": "in_person"}).context["week"]


def test_who_is_chosen_next_is_shown_in_the_week_that_was_turned_to(client, mai, times):
    page = client.get(f"{times}?week=2026-12-08").content.decode()
    week = choose(client, times, page, "mai")
    assert (week.monday, week.is_asked_for) == (date(2026, 12, 7), True)


def test_who_is_chosen_next_is_shown_in_the_week_on_the_page_if_they_have_a_time_in_it(client, mai, times, place):
    """Mai is away this week and works the next; Tom works both; Ann begins in a fortnight."""
    tom, ann = make.psychologist(slug="tom"), make.psychologist(slug="ann")
    for person in (tom, ann):
        make.week(psychologist=person, location=place)
    make.time_slot(psychologist=mai, starts_at=NOW - timedelta(hours=9), minutes=7 * 24 * 60)
    make.time_slot(psychologist=ann, starts_at=NOW - timedelta(hours=9), minutes=14 * 24 * 60)
    opened = client.get(times, {"psychologist": "mai"})
    assert opened.context["week"].monday == date(2026, 11, 30)
    page = opened.content.decode()
    # From himself Tom would be shown this week.
    assert client.get(times, {"psychologist": "tom"}).context["week"].monday == date(2026, 11, 23)
    assert choose(client, times, page, "tom").monday == date(2026, 11, 30)
    assert choose(client, times, page, "ann").monday == date(2026, 12, 7)


def banner(client, path):
    found = re.search(r'<aside class="hold".*?</aside>', client.get(path).content.decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split()) if found else None


def test_a_held_time_stays_in_sight_on_other_pages_until_it_runs_out(mai, times, confirm):
    client = make.client_for(make.user())
    elsewhere = [times, "/", "/book/", "/psychologists/mai/", "/my/", "/my/appointments/", "/fees/"]
    assert {banner(client, path) for path in elsewhere} == {None}
    press(client, times)
    for path in elsewhere:
        said = banner(client, path)
        assert said, path
        assert "We hold Tuesday 1 December 2026, 11:00 am with" in said, path
        assert re.search(r"until \d+:\d\d [ap]m \(Melbourne time\) \.", said), (path, said)
        assert f'href="{confirm}">Go on with this time' in client.get(path).content.decode(), path
    assert banner(client, confirm) is None
    assert banner(Client(), times) is None
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert {banner(client, path) for path in elsewhere} == {None}


def let_go_form(client, path):
    """What the button of a page sends: where to, and its fields."""
    page = client.get(path).content.decode()
    [form] = re.findall(r'<form method="post" action="([^"]*let-go/)">(.*?)</form>', page, re.DOTALL)
    assert "Let it go" in form[1]
    return form[0], dict(re.findall(r'name="(hold|back)" value="([^"]*)"', form[1]))


@pytest.mark.parametrize("seen", ["/", "/my/", "/book/?psychologist=mai", "/accounts/login/?next=/my/", "confirm"])
def test_a_held_time_is_let_go_at_once_from_any_page(mai, times, confirm, seen):
    client = Client() if "login" in seen else make.client_for(make.user())
    press(client, times)
    address, sent = let_go_form(client, confirm if seen == "confirm" else seen)
    assert client.post(address, sent)["Location"] == (times if seen == "confirm" else seen)
    assert not Appointment.objects.exists()
    after = client.get(times)
    assert "The time is free again for others." in after.content.decode()
    assert banner(client, times) is None
    # Somebody else has it at once; and what was let go can be held again.
    assert press(Client(), times)["Location"] == confirm
    assert client.get(confirm)["Location"] == times


def test_only_the_time_that_the_page_showed_is_let_go(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    address, first = let_go_form(client, "/")
    press(client, times, hour=2)
    now_held = Appointment.objects.get()
    for sent in (first, {}, {"hold": "x"}, {"hold": str(now_held.code)[:-1] + "z"}):
        assert "no longer held for you" in client.post(address, sent, follow=True).content.decode()
    # Nor is it a stranger's to give back.
    Client().post(address, {"hold": str(now_held.code)})
    assert Appointment.objects.get() == now_held
    assert banner(client, "/")


def test_what_was_booked_meanwhile_stays_booked(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    address, sent = let_go_form(client, "/")
    send(client, confirm, DETAILS)
    client.post(address, sent)
    assert Appointment.objects.get().status == Status.BOOKED


def test_letting_go_leads_to_pages_of_our_own_alone(mai, times):
    client = make.client_for(make.user())
    press(client, times)
    address, sent = let_go_form(client, "/")
    assert client.post(address, sent | {"back": "https://example.com/"})["Location"] == times
    assert client.post(address, sent | {"back": "//example.com/"})["Location"] == times
    assert client.get(address).status_code == 405
    assert client.post("/book/nothing/confirm/let-go/", sent).status_code == 404


def test_a_time_that_was_booked_is_held_no_more(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    send(client, confirm, DETAILS)
    assert banner(client, times) is None


def test_pressing_a_time_holds_it_for_ten_minutes(client, mai, times, confirm):
    response = press(client, times)
    assert (response.status_code, response["Location"]) == (302, confirm)
    held = Appointment.objects.get()
    assert (held.status, held.patient, held.held_until) == (Status.HELD, None, NOW + timedelta(minutes=10))
    assert b"Your time is held" in client.get(confirm).content


def test_htmx_is_told_to_move_on(client, mai, times, confirm):
    response = press(client, times, **htmx("times"))
    assert (response.status_code, response["HX-Redirect"]) == (204, confirm)


def test_a_visitor_holds_one_time(client, mai, times):
    press(client, times)
    press(client, times, hour=2)
    assert [a.starts_at.hour for a in Appointment.objects.all()] == [2]


@pytest.mark.parametrize("kwargs", [{}, htmx("times")], ids=["page", "fragment"])
def test_a_time_taken_meanwhile_says_so_and_offers_three_others(client, mai, times, service, place, kwargs):
    make.appointment(
        psychologist=mai, location=place, service=service, starts_at=datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    )
    response = press(client, times, **kwargs)
    assert response.status_code == 409
    assert b"That time was just taken" in response.content
    assert (b"<html" in response.content) is (not kwargs)
    if kwargs:
        # Whoever lost hears it at once; the week and the nearest times are asked for by the panel itself.
        assert b'class="time"' not in response.content
        assert b'data-hx-trigger="load"' in response.content
        again = re.search(r'data-hx-get="([^"]+)"', response.content.decode())[1].replace("&amp;", "&")
        response = client.get(times + again, **kwargs)
        assert response.status_code == 200
        assert b"That time was just taken" in response.content
        assert b"<html" not in response.content
    nearest = response.context["taken"]["nearest"]
    assert [n.starts_at.strftime("%d %H:%M") for n in nearest] == ["30 22:30", "30 23:00", "01 01:00"]
    assert not Appointment.objects.filter(status=Status.HELD).exists()


@pytest.mark.parametrize(
    "taken", ["", "yesterday", "2026-12-01T00:00Z elsewhere", "\x00", "9999-12-31T23:59Z brunswick"]
)
def test_a_lost_time_that_never_was_is_not_spoken_of(client, mai, times, taken):
    response = client.get(times, {"taken": taken})
    assert response.status_code == 200
    assert b"just taken" not in response.content


@pytest.mark.parametrize(
    "time",
    [
        *("", "tomorrow", "2026-12-01T00:00Z elsewhere", "2026-12-01T00:07Z brunswick", "2026-12-01T00:00Z \x00"),
        *("0001-01-01T00:00Z brunswick", "9999-12-31T23:59Z brunswick"),
    ],
)
def test_a_time_that_was_never_offered_holds_nothing(client, mai, times, time):
    response = client.post(times, {"time": time, "psychologist": "any", "mode": "in_person"})
    assert response.status_code in {302, 409}
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("who", ["mai", "nobody", "\x00", "m" * 200])
def test_what_for_remembers_whom_a_profile_named(client, mai, service, who):
    response = client.get(reverse("public:book"), {"psychologist": who})
    assert (response.status_code, response.context["psychologist"]) == (200, mai if who == "mai" else None)


def test_a_closed_service_is_not_found(client, mai):
    make.service(slug="closed", online=False)
    assert client.get("/book/closed/").status_code == 404


def test_one_address_can_not_hold_the_whole_diary(mai, times, confirm, settings):
    settings.MOST_HOLDS = {"address": 3, "account": 2}
    clients = [Client() for _ in range(9)]
    answers = [press(browser, times, hour=n) for n, browser in enumerate(clients[:7])]
    assert Appointment.objects.count() == 3
    # Back to the search as it was: with whom, how, and the day of the time that was pressed.
    narrowed = {answer["Location"].split("&day=")[0] for answer in answers[3:]}
    assert narrowed == {f"{times}?psychologist=any&mode=in_person&week=2026-11-30"}
    page = clients[5].get(answers[5]["Location"]).content.decode()
    assert "phone us, and we book for you" in page
    # Who holds one changes it; elsewhere one is held; and what is booked makes room.
    assert press(clients[0], times, hour=5)["Location"].split("?")[0] == confirm
    assert press(Client(REMOTE_ADDR="203.0.113.9"), times, hour=4)["Location"].split("?")[0] == confirm
    assert press(Client(), times, hour=3)["Location"].startswith(f"{times}?")
    with time_machine.travel(NOW + timedelta(minutes=11)):
        assert press(Client(), times, hour=3)["Location"].split("?")[0] == confirm


def test_an_account_has_a_bound_of_its_own_and_what_is_booked_makes_room(mai, times, confirm, settings):
    settings.MOST_HOLDS = {"address": 1, "account": 2}
    user = make.user(email="noor@example.com")
    first, second, third = (make.client_for(user) for _ in range(3))
    assert press(Client(), times, hour=0)["Location"].split("?")[0] == confirm
    assert [
        press(one, times, hour=n + 1)["Location"].split("?")[0] for n, one in enumerate([first, second, third])
    ] == [
        confirm,
        confirm,
        times,
    ]
    assert send(first, confirm, DETAILS).status_code == 302
    assert press(third, times, hour=3)["Location"].split("?")[0] == confirm


def test_who_signs_in_with_a_time_in_hand_leaves_room_at_the_address(mai, times, confirm, settings):
    settings.MOST_HOLDS = {"address": 1, "account": 2}
    client = Client()
    assert press(client, times, hour=0)["Location"].split("?")[0] == confirm
    assert press(Client(), times, hour=1)["Location"].split("?")[0] == times
    client.force_login(make.user(email="noor@example.com"))
    assert press(client, times, hour=2)["Location"].split("?")[0] == confirm
    assert press(Client(), times, hour=1)["Location"].split("?")[0] == confirm
    # What was counted before the sign-in makes room as well, once it is booked.
    other = Client()
    settings.MOST_HOLDS = {"address": 2, "account": 2}
    assert press(other, times, hour=3)["Location"].split("?")[0] == confirm
    other.force_login(make.user(email="ash@example.com"))
    assert send(other, confirm, DETAILS).status_code == 302
    assert press(Client(), times, hour=4)["Location"].split("?")[0] == confirm


def test_whoever_rotates_holds_is_slowed_down(mai, times):
    client = Client()
    answers = [press(client, times, hour=n % 5)["Location"].split("?")[0] for n in range(61)]
    assert answers[-1] == times
    assert times not in answers[:60]


@pytest.mark.parametrize(
    ("addresses", "are_one"),
    [
        # A household is given 2^64 addresses, and may use another for each request.
        (["2001:db8:5:7::1", "2001:0db8:0005:0007:abcd::99"], True),
        (["2001:db8:5:7::1", "2001:db8:5:8::1"], False),
        (["203.0.113.7", "::ffff:203.0.113.7"], True),
        (["203.0.113.7", "203.0.113.8"], False),
    ],
)
def test_whoever_changes_addresses_within_a_household_stays_within_one_limit(mai, times, addresses, are_one, settings):
    first, second = addresses
    settings.MOST_HOLDS = {"address": 3, "account": 2}
    for n in range(3):
        assert press(Client(REMOTE_ADDR=first), times, hour=n)["Location"].split("?")[0] != times
    answer = press(Client(REMOTE_ADDR=second), times, hour=3)
    assert (answer.status_code == 302 and answer["Location"].split("?")[0] == times) is are_one


def test_confirming_needs_a_sign_in_and_comes_back(client, mai, times, confirm):
    press(client, times)
    response = client.post(confirm, DETAILS)
    assert response["Location"] == f"{reverse('account_login')}?next={confirm}"
    assert not Appointment.objects.filter(status=Status.BOOKED).exists()


def test_somebody_new_confirms_and_becomes_a_patient(mai, times, confirm):
    user = make.user(email="noor@example.com")
    client = make.client_for(user)
    press(client, times)
    response = send(client, confirm, DETAILS | {"medicare_number": "2951 87312 5", "medicare_irn": "1"})
    booked = Appointment.objects.get()
    assert response["Location"] == reverse("patient:appointment", args=[booked.code])
    patient = booked.patient
    assert (patient.user, patient.legal_name, patient.email) == (user, "Noor", "noor@example.com")
    assert (patient.medicare_number, patient.medicare_irn, patient.phone.as_e164) == ("2951873125", "1", "+61491570006")
    assert (booked.status, booked.booked_by) == (Status.BOOKED, user)


def test_a_parent_books_for_a_child(mai, times, confirm):
    user = make.user()
    client = make.client_for(user)
    press(client, times)
    send(client, confirm, DETAILS | {"who": "other", "relationship": "parent", "legal_first_name": "Teo"})
    booked = Appointment.objects.get()
    carer = Carer.objects.get()
    assert (booked.patient.user, carer.user, carer.relationship, carer.is_billed) == (None, user, "parent", True)


@pytest.mark.parametrize(
    ("on_record", "sent"),
    [
        ("", "We have sent you a message about it."),
        ("kim@example.com", "We have sent a message about it to the address or number on the record."),
    ],
)
def test_who_books_for_somebody_is_told_where_the_e_mail_really_went(mai, times, confirm, on_record, sent):
    patient, carer = make.patient(email=on_record), make.user(email="parent@example.com")
    make.carer(patient=patient, user=carer)
    client = make.client_for(carer)
    press(client, times)
    booked = send(client, confirm, {"who": str(patient.code)})
    said = [str(message) for message in client.get(booked["Location"]).context["messages"]]
    session = Appointment.objects.get()
    assert said == [f"Your session is booked: {when(session.starts_at, session.zone)}. {sent}"]
    assert [notice.to for notice in Notice.objects.all()] == [on_record or carer.email]


def test_a_first_session_for_a_child_is_not_booked_in_the_parents_name(mai, times, confirm):
    user = make.user(first_name="Édith", last_name="Kral")
    client = make.client_for(user)
    press(client, times)
    # As the fields stand when the page is drawn, for the account's own person.
    own = {"legal_first_name": "Edith", "legal_last_name": "kral"}
    asked = DETAILS | own | {"who": "other", "relationship": "parent"}
    answer = send(client, confirm, asked)
    assert answer.status_code == 422
    assert "This is your own name." in answer.content.decode()
    assert not Carer.objects.exists()
    # A child that does bear it says by what else it goes.
    assert send(client, confirm, asked | {"preferred_name": "Edie"}).status_code == 302
    assert Carer.objects.get().patient.name == "Edie kral"


def test_who_books_for_tomorrow_is_not_promised_a_free_time_that_has_passed(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    shown = " ".join(re.sub(r"<[^>]+>", "", client.get(confirm).content.decode()).split())
    assert re.search(r"free of charge until [^.]+ \(Melbourne time\)\.", shown)
    assert re.search(r"We hold this time for you until \d+:\d\d [ap]m \(Melbourne time\)\.", shown)
    client.post(times, {"time": "2026-11-24T00:00Z brunswick", "psychologist": "any", "mode": "in_person"})
    page = unescape(client.get(confirm).content.decode())
    assert "free of charge until" not in page
    assert "free of charge only for 15 minutes after you book. After that it can't be moved online, and" in page
    ClinicSettings.objects.update(grace_minutes=0)
    client.post(times, {"time": "2026-11-24T00:30Z brunswick", "psychologist": "any", "mode": "in_person"})
    assert "and cancelling costs $110.00." in client.get(confirm).content.decode()
    # A held time keeps the terms it was held under; another one has those of now.
    ClinicSettings.objects.update(late_fee_percent=0)
    client.post(times, {"time": "2026-11-24T01:00Z brunswick", "psychologist": "any", "mode": "in_person"})
    free = client.get(confirm).content.decode()
    assert "Cancelling is free of charge." in free
    assert "Not coming costs" not in free


def test_a_known_patient_only_confirms(mai, times, confirm):
    user = make.user()
    patient = make.patient(user=user)
    client = make.client_for(user)
    press(client, times)
    send(client, confirm, {"who": str(patient.code)})
    assert Appointment.objects.get().patient == patient
    assert Patient.objects.count() == 1


def test_the_cost_is_read_before_the_button_and_what_went_wrong_before_the_cost(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)

    def in_order(page: str, *parts: str) -> bool:
        places = [page.index(part) for part in parts]
        return places == sorted(places)

    clean = client.get(confirm).content.decode()
    assert in_order(clean, 'id="price-heading"', 'class="form card"')
    wrong = send(client, confirm, DETAILS | {"date_of_birth": "31/2/1990"}).content.decode()
    assert in_order(wrong, 'class="form card"', 'id="price-heading"')
    assert clean.count('id="price-heading"') == wrong.count('id="price-heading"') == 1


def test_nobody_books_for_a_stranger(mai, times, confirm):
    stranger = make.patient(user=make.user())
    client = make.client_for(make.user())
    press(client, times)
    response = send(client, confirm, {"who": str(stranger.code)})
    assert response.status_code == 422
    assert Appointment.objects.get().status == Status.HELD


def test_bad_details_keep_what_was_typed(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    typed = {"date_of_birth": "31/2/1990", "medicare_number": "2951 87313 5", "medicare_irn": "1", "phone": "1"}
    response = send(client, confirm, DETAILS | typed | {"legal_first_name": "<img src=file:///etc/passwd>"})
    assert response.status_code == 422
    page = response.content.decode()
    for value in typed.values():
        assert f'value="{value}"' in page
    assert 'value="&lt;img src=file:///etc/passwd&gt;"' in page
    assert not Patient.objects.exists()


def test_what_is_held_belongs_to_the_session_that_held_it(client, mai, times, confirm):
    client.force_login(make.user())
    press(client, times)
    other = make.client_for(make.user())
    response = other.post(confirm, shown_on(client, confirm) | DETAILS)
    assert response["Location"] == times
    assert Appointment.objects.get().status == Status.HELD


def test_confirming_a_second_time_leads_to_the_booking(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    sent = shown_on(client, confirm) | DETAILS
    first, second = client.post(confirm, sent), client.post(confirm, sent)
    assert first["Location"] == second["Location"]
    assert Appointment.objects.count() == 1
    assert client.get(confirm)["Location"] == first["Location"]


def test_a_hold_that_ran_out_unnoticed_is_confirmed_when_nobody_else_came(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    shown = shown_on(client, confirm)
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        client.post(confirm, shown | DETAILS)
    booked = Appointment.objects.get()
    assert (booked.status, booked.starts_at) == (Status.BOOKED, datetime(2026, 12, 1, 0, 0, tzinfo=UTC))


@pytest.mark.parametrize("cleared_away", [True, False])
def test_a_hold_that_somebody_else_took_keeps_what_was_typed(mai, times, service, confirm, place, cleared_away):
    client = make.client_for(make.user())
    press(client, times)
    held, shown = Appointment.objects.get(), shown_on(client, confirm)
    if cleared_away:
        held.delete()
    else:
        Appointment.objects.update(status=Status.BOOKED, held_until=None, patient=make.patient(), booked_at=NOW)
        held.refresh_from_db()
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        if cleared_away:
            make.appointment(psychologist=mai, location=place, service=service, starts_at=held.starts_at)
            response = client.post(confirm, shown | DETAILS | {"date_of_birth": "31/2/1990"})
            assert response.status_code == 409
            assert b"somebody else took it" in response.content
            assert b'value="Noor"' in response.content
            assert b'value="31/2/1990"' in response.content
            other, word = response.context["nearest"][0]
            again = client.post(confirm, shown_by(response) | DETAILS | {"again": word})
            assert b'value="Noor"' in again.content
            client.post(confirm, shown_by(again) | DETAILS)
            assert Appointment.objects.get(patient__legal_first_name="Noor").starts_at == other.starts_at
        else:
            assert client.post(confirm, shown | DETAILS)["Location"] == times
    assert Patient.objects.filter(legal_first_name="Noor").count() == int(cleared_away)


def test_looking_back_after_the_time_ran_out_offers_times(mai, times, confirm):
    client = make.client_for(make.user())
    press(client, times)
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        response = client.get(confirm)
    assert response.status_code == 409
    assert len(response.context["nearest"]) == 3


@pytest.mark.parametrize(
    "word",
    [
        *("", "x", "2026-12-01T00:07Z brunswick mai in_person", "9999-12-31T23:59Z brunswick mai in_person"),
        *("2026-12-01T00:00Z \x00 mai in_person", "2026-12-01T00:00Z brunswick nobody in_person"),
        *("2026-12-01T00:00Z brunswick mai phone", "a b c d e f"),
    ],
)
def test_another_time_that_was_never_offered_is_not_held(mai, times, confirm, word):
    client = make.client_for(make.user())
    press(client, times)
    assert send(client, confirm, DETAILS | {"again": word}).status_code == 409
    assert not Appointment.objects.filter(status=Status.BOOKED).exists()


def test_no_page_names_who_else_has_a_session(client, mai, times, service, place):
    patient = make.patient(legal_last_name="Unmistakable")
    make.appointment(
        psychologist=mai, patient=patient, location=place, starts_at=datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    )
    for path in (times, f"{times}?week=2026-11-30", "/", "/psychologists/", "/psychologists/mai/"):
        assert b"Unmistakable" not in client.get(path).content


@pytest.mark.parametrize("role", [Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER])
def test_staff_may_book_for_themselves_as_patients(mai, times, confirm, role):
    client = make.client_for(make.user(role=role))
    press(client, times)
    assert send(client, confirm, DETAILS).status_code == 302
    assert Appointment.objects.get().status == Status.BOOKED


def test_whose_clock_the_times_are_by_is_said_before_the_first_of_them(mai, times):
    page = Client().get(times).content.decode()
    assert page.index("Times are in Melbourne time (UTC+11).") < page.index('<button class="time"')
