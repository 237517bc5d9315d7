import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.audit.models import Entry
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]

MINUTE = 60


# ---- Idle sessions ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=[((), "patient", 60), ((Role.RECEPTION,), "desk", 15)], ids=["patient", "staff"])
def person(request, clock):
    roles, page, minutes = request.param
    return make.client_for(make.user(roles=roles)), reverse(page), minutes


def test_stillness_ends_a_session(person, clock):
    client, page, minutes = person
    assert client.get(page).status_code == 200
    clock.shift(minutes * MINUTE - 1)
    assert client.get(page).status_code == 200
    clock.shift(minutes * MINUTE + 1)
    response = client.get(page)
    assert response.url == f"{reverse('account_login')}?next={page}"
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in client.session
    assert b"You were signed out because nothing happened for a while." in client.get(response.url).content
    entry = Entry.objects.get()
    assert (entry.verb, entry.facts) == ("account.signed_out", {"reason": "idle"})


def test_being_there_keeps_it(person, clock):
    client, page, minutes = person
    for _ in range(4):
        assert client.get(page).status_code == 200
        clock.shift(minutes * MINUTE - 40)
    assert client.get(page).status_code == 200


def test_a_page_that_asks_by_itself_keeps_nothing(person, clock):
    client, page, minutes = person
    client.get(page)
    for _ in range(minutes):
        assert client.get(page, headers={"hx-request": "true", "hx-polling": "true"}).status_code == 200
        clock.shift(MINUTE)
    clock.shift(1)
    response = client.get(page, headers={"hx-request": "true", "hx-polling": "true"})
    assert response.status_code == 204
    assert response.headers["HX-Redirect"].startswith(reverse("account_login"))


HOUR = 60 * MINUTE


@pytest.fixture(params=[((), "patient", 7 * 24), ((Role.RECEPTION,), "desk", 12)], ids=["patient", "staff"])
def at_work(request, clock):
    """Somebody who signed in now and is never still, and the hours after which they sign in again."""
    roles, page, hours = request.param
    return make.client_for(make.user(roles=roles)), reverse(page), hours


def keep_busy(client, page, clock, seconds):
    """Opens the page every ten minutes."""
    while seconds > 0:
        step = min(seconds, 10 * MINUTE)
        clock.shift(step)
        seconds -= step
        last = client.get(page)
        if last.status_code != 200:
            break
    return last


def test_a_session_in_use_ends_so_long_after_signing_in(at_work, clock):
    client, page, hours = at_work
    assert keep_busy(client, page, clock, hours * HOUR - 1).status_code == 200
    clock.shift(1)
    response = client.get(page)
    assert response.url == f"{reverse('account_login')}?next={page}"
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in client.session
    long = "7 days" if hours > 24 else "12 hours"
    words = f"You were signed out because everybody signs in again after {long}."
    assert words in client.get(response.url).content.decode()
    entry = Entry.objects.get()
    assert (entry.verb, entry.facts) == ("account.signed_out", {"reason": "too_long"})


def test_what_one_does_meanwhile_never_moves_the_end(clock):
    user = make.user(role=Role.RECEPTION)
    client, page = make.client_for(user), reverse("desk")
    keep_busy(client, page, clock, 11 * HOUR)
    began = client.session["signed_in_at"]
    keep_busy(client, page, clock, HOUR - 1)
    assert client.session["signed_in_at"] == began
    clock.shift(1)
    assert client.get(page, headers={"hx-request": "true", "hx-polling": "true"}).status_code == 204
    client = make.client_for(user)
    assert client.get(page).status_code == 200


def test_the_end_is_a_setting(clock, settings):
    settings.STAFF_SESSION = settings.STAFF_SESSION * 2
    client = make.client_for(make.user(role=Role.RECEPTION))
    assert keep_busy(client, reverse("desk"), clock, 23 * HOUR).status_code == 200


def test_a_session_of_before_there_was_an_end_begins_now(clock):
    client, page = make.client_for(make.user(role=Role.RECEPTION)), reverse("desk")
    session = client.session
    del session["signed_in_at"]
    session.save()
    assert keep_busy(client, page, clock, 12 * HOUR).status_code == 200
    assert keep_busy(client, page, clock, 11 * MINUTE).status_code == 302


def test_lengths_are_settings(clock, settings):
    settings.STAFF_IDLE = settings.STAFF_IDLE * 2
    client = make.client_for(make.user(role=Role.RECEPTION))
    client.get(reverse("desk"))
    clock.shift(29 * MINUTE)
    assert client.get(reverse("desk")).status_code == 200


def test_the_stamp_is_not_written_at_every_request(clock, django_assert_num_queries):
    client = make.client_for(make.user())
    client.get(reverse("patient"))
    clock.shift(20)
    with django_assert_num_queries(1) as quiet:
        client.get(reverse("patient"))
    assert not [q for q in quiet if q["sql"].startswith(("UPDATE", "INSERT"))]
    clock.shift(20)
    client.get(reverse("patient"))
    clock.shift(59 * MINUTE)
    assert client.get(reverse("patient")).status_code == 200


# ---- The second factor of staff --------------------------------------------------------------------------------------


def without_factor(client, *roles):
    user = make.user(roles=roles)
    client.force_login(user)
    return user


@pytest.mark.parametrize("role", [Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER])
@pytest.mark.parametrize("page", ["desk", "manager", "patient"])
def test_staff_see_nothing_before_they_have_one(client, role, page):
    without_factor(client, role)
    for method in (client.get, client.post):
        response = method(reverse(page))
        assert (response.status_code, response.url) == (302, reverse("mfa_index"))


def test_staff_with_one_go_in(client):
    make.second_factor(without_factor(client, Role.RECEPTION))
    assert client.get(reverse("desk")).status_code == 200


def test_an_htmx_call_is_told_to_leave_the_page(client):
    without_factor(client, Role.RECEPTION)
    response = client.get(reverse("desk"), headers={"hx-request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, reverse("mfa_index"))


@pytest.mark.parametrize("page", ["open", "mfa_index", "account_logout", "account_email", "usersessions_list"])
def test_what_is_needed_to_get_one_stays_open(client, page):
    without_factor(client, Role.RECEPTION)
    assert client.get(reverse(page)).status_code == 200


def test_patients_need_none(client):
    without_factor(client)
    assert client.get(reverse("patient")).status_code == 200


def test_a_clinic_may_do_without(client, settings):
    settings.STAFF_SECOND_FACTOR = False
    without_factor(client, Role.RECEPTION)
    assert client.get(reverse("desk")).status_code == 200


def test_a_view_that_nobody_marked_is_not_a_way_round(client):
    """The walk over all addresses fails on such a view; here is what it would cost."""
    without_factor(client, Role.RECEPTION)
    assert client.get(reverse("forgotten")).status_code == 302
