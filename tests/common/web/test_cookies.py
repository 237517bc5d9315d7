"""Every cookie is this host's alone where the portal is served securely, whichever page sets it."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db


class Browser(Client):
    """A browser that notes every cookie that it was ever given, over TLS."""

    def __init__(self) -> None:
        super().__init__()
        self.set, self.cleared = {}, set()

    def request(self, **request):
        response = super().request(**{**request, "wsgi.url_scheme": "https"})
        self.set |= dict(response.cookies.items())
        self.cleared |= {name for name, morsel in response.cookies.items() if morsel["max-age"] == 0}
        return response


@pytest.fixture
def secure(settings):
    settings.COOKIE_PREFIX = "__Host-"
    settings.SESSION_COOKIE_NAME = "__Host-portal_session"
    settings.CSRF_COOKIE_NAME = "__Host-csrftoken"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


def walk(browser: Client) -> None:
    """Reads, chooses, is told something, signs in and out: whatever sets a cookie or takes one away."""
    make.service(slug="session")
    patient = make.user()
    make.patient(user=patient)
    manager = make.staff(Role.MANAGER)
    for path in ("/", "/vi/", "/book/", "/book/session/", "/accounts/login/", "/accounts/signup/", "/no-such-page/"):
        browser.get(path)
    browser.get("/book/session/confirm/", follow=True)  # leads back with a message, which is then shown
    for theme in ("dark", ""):
        browser.post(reverse("choose_theme"), {"theme": theme, "next": "/"})
    for person, home in ((patient, "/my/"), (manager, "/manage/")):
        browser.post("/accounts/login/", {"login": person.email, "password": make.PASSWORD})
        browser.get(home, follow=True)
        browser.post(reverse("choose_language"), {"language": "vi", "next": "/"})
        browser.post(reverse("account_logout"), follow=True)
    browser.get("/accounts/invitation/no-such-token/", follow=True)
    browser.get("/healthz")


def test_every_cookie_is_this_hosts_alone_where_it_is_served_securely(secure):
    browser = Browser()
    walk(browser)
    names = {"portal_session", "csrftoken", "messages", "theme", "portal_session_device"}
    assert set(browser.set) == {f"__Host-{name}" for name in names}
    # A name with this prefix is refused by browsers without the first two, and with the third.
    kinds = {(bool(m["secure"]), m["path"], m["domain"], m["samesite"]) for m in browser.set.values()}
    assert kinds == {(True, "/", "", "Lax")}
    assert browser.cleared >= {"__Host-messages", "__Host-theme", "__Host-portal_session"}


def test_over_plain_http_no_cookie_has_a_name_that_browsers_refuse_there():
    browser = Browser()
    walk(browser)
    assert {name for name in browser.set if name.startswith("__")} == set()
    assert {bool(morsel["secure"]) for morsel in browser.set.values()} == {False}


def test_colours_and_messages_are_found_again_under_their_names(secure):
    browser = Browser()
    make.service(slug="session")
    browser.post(reverse("choose_theme"), {"theme": "dark", "next": "/"})
    assert b'data-theme="dark"' in browser.get("/").content
    told = browser.get("/book/session/confirm/", follow=True)
    assert len(told.context["messages"]) == 1
    assert b"toast" in told.content
