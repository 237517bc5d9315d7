"""The log names a request and a person's code, and nobody."""

import json
import logging
import re

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.web import logs
from portal.common.web.logs import HEADER, JsonLines, access, log_requests, safe_path
from tests import make
from tests.test_house import views

pytestmark = pytest.mark.django_db


class _Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.setFormatter(JsonLines())
        self.text = ""

    def emit(self, record):
        self.text += self.format(record) + "\n"

    @property
    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, logger):
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def log():
    """What production writes."""
    handler = _Lines()
    watched = [logging.getLogger(), logging.getLogger("django")]
    for logger in watched:
        logger.addHandler(handler)
    was, access.level = access.level, logging.INFO
    access.manager._clear_cache()
    yield handler
    access.level = was
    access.manager._clear_cache()
    for logger in watched:
        logger.removeHandler(handler)


def test_each_request_has_a_line(log):
    make.clinic()
    client = make.signed_in_client(role=Role.MANAGER)
    response = client.get(reverse("manager:trail") + "?what=appointment&q=Mai+Nguyen")
    [line] = log.of("portal.access")
    assert line.pop("ms") >= 0
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT.*\+00:00", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "portal.access",
        "message": "request",
        "request": response[HEADER],
        "person": str(client.user.code),
        "method": "GET",
        "path": reverse("manager:trail"),
        "status": 200,
    }
    assert "Mai" not in log.text


def test_nobody_is_no_person(log):
    make.clinic()
    Client().get(reverse("account_login"))
    assert "person" not in log.of("portal.access")[0]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/accounts/invitation/a-secret-token/", "/accounts/invitation/*/"),
        ("/vi/accounts/invitation/a-secret-token/", "/vi/accounts/invitation/*/"),
        ("/accounts/password/reset/key/1-secret-key/", "/accounts/password/reset/key/*-*/"),
        ("/calendar/secret-token.ics", "/calendar/*.ics"),
        ("/fees/", "/fees/"),
        ("/vi/fees/", "/vi/fees/"),
        ("/patients/mai-nguyen/", "/patients/*"),
        ("/Mai Nguyen/", "/*"),
        ("/", "/"),
        ("/0412345678", "/*"),
    ],
)
def test_addresses_give_nothing_away(path, said):
    request = RequestFactory().get(path + "?name=Mai")
    assert safe_path(request) == said


@pytest.mark.parametrize("proxies", [0, 1])
def test_only_our_proxys_ids_are_taken(settings, proxies):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    ids = [
        Client().get("/healthz", headers={"x-request-id": given, "x-forwarded-for": "192.0.2.1"})[HEADER]
        for given in ("from-our-proxy-1", "x\ny", "a b", "<script>", "x" * 200)
    ]
    assert ids[0] == "from-our-proxy-1" if proxies else re.fullmatch(r"[0-9a-f]{32}", ids[0])
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids[1:])
    assert len(set(ids)) == 5


# ---- Refusals --------------------------------------------------------------------------------------------------------


def test_a_refused_page_leaves_a_line_without_a_traceback_and_an_entry(log):
    make.clinic()
    client = make.signed_in_client(role=Role.RECEPTION)
    for _ in range(30):
        assert client.get(reverse("manager:settings")).status_code == 403
    line = log.of("django.request")[0]
    assert {"level": "WARNING", "message": "Forbidden", "status": 403, "path": reverse("manager:settings")}.items() <= (
        line.items()
    )
    assert (line["person"], "error" in line, "Traceback" in log.text) == (str(client.user.code), False, False)
    assert line["request"] == log.of("portal.access")[0]["request"]
    entries = Entry.objects.filter(verb="account.page_refused")
    # Who knocks without end fills the log, and not the trail, which only grows.
    assert entries.count() == 20
    entry = entries.first()
    assert (entry.actor_id, entry.target_code, entry.facts) == (
        str(client.user.pk),
        str(client.user.code),
        {"page": "manager:settings"},
    )


def test_every_page_of_the_manager_can_be_refused_in_the_trail(log):
    """Whatever its name: none is too long or of another shape for a fact."""
    make.clinic()
    client = make.signed_in_client(role=Role.RECEPTION)
    before = 0
    for address, _view in views():
        if "<" in address or not address.startswith(("manage/", "practice/")):
            continue
        cache.clear()
        before += client.get("/" + address).status_code == 403
    assert before > 10
    assert Entry.objects.filter(verb="account.page_refused").count() == before


def test_the_manager_reads_them_in_words():
    make.clinic()
    user = make.user()
    client = Client()
    for _ in range(7):
        client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    client.post(reverse("account_login"), {"login": "nobody@example.com", "password": "wrong"}, REMOTE_ADDR="192.0.2.7")
    make.signed_in_client(role=Role.RECEPTION).get(reverse("manager:settings"))
    verbs = list(Entry.objects.exclude(verb="account.signed_in").values_list("verb", flat=True))
    assert verbs == ["account.sign_in_failed"] * 5 + [
        "account.sign_in_slowed",
        "account.sign_in_failed",
        "account.page_refused",
    ]
    page = make.signed_in_client(role=Role.MANAGER).get(reverse("manager:trail")).content.decode()
    for words in ("Sign-in failed: wrong", "Sign-in slowed down", "Page refused", user.name):
        assert words in page


def test_failed_sign_ins_are_in_the_log_and_say_nobody(log):
    user = make.user()
    for email in (user.email, "nobody@example.com"):
        for _ in range(7):
            Client().post(reverse("account_login"), {"login": email, "password": "my-secret-password"})
    lines = log.of("portal.sign_in")
    assert [line["message"] for line in lines[:7]] == ["Sign-in failed."] * 5 + ["Sign-in slowed down."] * 2
    assert {line["account"] for line in lines[:7]} == {str(user.code)}
    assert {line["account"] for line in lines[7:]} == {"none"}
    assert len({line["place"] for line in lines}) == 1
    for secret in (user.email, "nobody@example.com", "my-secret-password", user.first_name, "127.0.0.1"):
        assert secret not in log.text


def test_a_form_from_elsewhere_leaves_a_line(log):
    make.clinic()
    Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "mai@example.com", "password": "x"})
    [line] = log.of("django.security.csrf")
    assert (line["status"], line["path"], "error" in line) == (403, "/accounts/login/", False)


# ---- Errors ----------------------------------------------------------------------------------------------------------


def breaks(request):
    try:
        raise ValueError("Mai Nguyen, mai@example.com, 0412 345 678")
    except ValueError as problem:
        raise RuntimeError("while saving Mai Nguyen") from problem


def test_an_error_is_told_by_its_kind_and_place_alone(log):
    request = RequestFactory().get("/fees/?name=Mai")
    try:
        breaks(request)
    except RuntimeError:
        logging.getLogger("django.request").error(
            "Internal Server Error: %s", request.path, exc_info=True, extra={"status_code": 500, "request": request}
        )
    [line] = log.lines
    assert (line["message"], line["error"]) == ("Internal Server Error", "RuntimeError from ValueError")
    assert line["where"][-1].startswith("tests/common/web/test_logs.py:")
    assert line["where"][-1].endswith(" breaks")
    for secret in ("Mai", "example.com", "345"):
        assert secret not in log.text


def test_words_of_libraries_lose_addresses_and_numbers(log):
    logging.getLogger("django_q").error("Failed for mai@example.com, 0412 345 678\nTraceback: Mai")
    assert log.lines[0]["message"] == "Failed for @ #"


def test_production_writes_json_and_each_request(monkeypatch):
    seen = []
    monkeypatch.setattr(logs, "dictConfig", seen.append)
    logs.configure({"level": logging.WARNING, "json": True, "requests": True})
    logs.configure({"level": logging.WARNING, "json": False, "requests": False})
    made, plain = seen
    assert made["handlers"]["console"]["formatter"] == "json"
    assert (made["loggers"]["portal.access"], plain["loggers"]["portal.access"]) == (
        {"level": "INFO"},
        {"level": "WARNING"},
    )
    assert django_settings.MIDDLEWARE[0].endswith(".log_requests")


def test_an_answer_of_a_refusing_view_has_its_id(log):
    def view(request):
        raise PermissionDenied

    with pytest.raises(PermissionDenied):
        log_requests(view)(RequestFactory().get("/fees/"))
    assert log_requests(lambda request: HttpResponse())(RequestFactory().get("/fees/"))[HEADER]
