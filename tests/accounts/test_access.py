import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.common.access.actors import Actor, actors_of
from portal.common.access.decorators import MARK, allow, open_to_all, signed_in
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]

PEOPLE = {
    "nobody": None,
    "patient": (),
    "psychologist": (Role.PSYCHOLOGIST,),
    "reception": (Role.RECEPTION,),
    "manager": (Role.MANAGER,),
}


@pytest.mark.parametrize(
    ("page", "statuses"),
    [
        ("desk", {"nobody": 302, "patient": 403, "psychologist": 403, "reception": 200, "manager": 200}),
        ("patient", {"nobody": 302, "patient": 200, "psychologist": 200, "reception": 200, "manager": 200}),
        ("signed_in", {"nobody": 302, "patient": 200, "psychologist": 200, "reception": 200, "manager": 200}),
        ("open", {"nobody": 200, "patient": 200, "psychologist": 200, "reception": 200, "manager": 200}),
    ],
)
@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_knock(page, statuses, who):
    user = None if PEOPLE[who] is None else make.user(roles=PEOPLE[who])
    client = make.client_for(user)
    for method in (client.get, client.post):
        response = method(reverse(page))
        assert response.status_code == statuses[who]
        if statuses[who] == 302:
            back = reverse(page) if method == client.get else reverse("account_home")
            assert response.url == f"{reverse('account_login')}?next={back}"


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("http://testserver/reception/?day=2026-11-23", "/reception/%3Fday%3D2026-11-23"),
        ("http://testserver", "/"),
        ("https://evil.example/reception/", "/accounts/home/"),
        ("", "/accounts/home/"),
    ],
)
def test_whoever_sent_a_form_signed_out_comes_back_to_its_page(client, before, back):
    """The form's own address may answer to nothing but being sent."""
    response = client.post(reverse("desk"), headers={"referer": before})
    assert response.url == f"{reverse('account_login')}?next={back}"


def test_actor_is_the_first_role_that_the_page_names_and_the_person_holds():
    user = make.user(roles=(Role.MANAGER, Role.RECEPTION))
    client = make.client_for(user)
    assert client.get(reverse("desk")).content.decode() == f"reception {user.pk}"
    assert client.get(reverse("manager")).content.decode() == f"manager {user.pk}"


def test_an_ended_role_opens_nothing(django_user_model):
    user = make.user(role=Role.RECEPTION)
    client = make.client_for(user)
    assert client.get(reverse("desk")).status_code == 200
    user.grants.update(ended_at="2026-01-01T00:00:00Z")
    assert client.get(reverse("desk")).status_code == 403


def test_signed_out_htmx_call_leaves_the_page(client):
    response = client.get(
        reverse("desk"), headers={"hx-request": "true", "hx-current-url": "http://testserver/reception/?q=mai"}
    )
    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == f"{reverse('account_login')}?next=/reception/%3Fq%3Dmai"
    assert response.content == b""


def test_signed_out_htmx_call_from_another_site_leads_home(client):
    response = client.get(reverse("desk"), headers={"hx-request": "true", "hx-current-url": "https://evil.example/x"})
    assert response.headers["HX-Redirect"] == f"{reverse('account_login')}?next=/"


def test_marks():
    def view(request):
        raise AssertionError

    assert getattr(allow(Role.MANAGER)(view), MARK) == (Role.MANAGER,)
    assert getattr(open_to_all(reason="a notice board")(view), MARK) == "a notice board"
    assert getattr(signed_in(view), MARK) == "signed in"
    assert not hasattr(view, MARK)


@pytest.mark.parametrize("careless", [lambda: allow(), lambda: open_to_all(reason="")])
def test_a_mark_says_something(careless):
    with pytest.raises(TypeError):
        careless()


def test_actor():
    user = make.user(roles=(Role.MANAGER, Role.PSYCHOLOGIST))
    job = Actor.system("reminders")
    assert (job.user, job.user_id, job.role, job.name) == (None, None, "system", "reminders")
    assert Actor(user=user, role=Role.MANAGER).user_id == user.pk
    assert [actor.role for actor in actors_of(user, [Role.RECEPTION, Role.PSYCHOLOGIST, Role.MANAGER])] == [
        Role.PSYCHOLOGIST,
        Role.MANAGER,
    ]
    with pytest.raises(AttributeError):
        job.role = Role.MANAGER


def test_a_job_is_no_person():
    user = make.user(roles=(Role.RECEPTION,))
    assert Actor(user=user, role=Role.RECEPTION).person is user
    with pytest.raises(TypeError, match="sweep is no person"):
        Actor.system("sweep").person  # noqa: B018


@pytest.mark.parametrize("shown", ["http://[", "http://[::1", "//", "\\\\", "http://testserver:99999999/x", "x" * 5000])
def test_an_address_that_no_browser_sends_is_no_error(client, shown):
    response = client.get(reverse("desk"), headers={"hx-request": "true", "hx-current-url": shown})
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith(reverse("account_login"))


@pytest.mark.parametrize("secure", [True, False])
def test_the_choice_of_colours_is_kept_as_safely_as_the_session(client, settings, secure):
    settings.SESSION_COOKIE_SECURE = secure
    client.post(reverse("choose_theme"), {"theme": "dark"})
    assert bool(client.cookies["theme"]["secure"]) is secure
