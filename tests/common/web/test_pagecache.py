"""What is kept for readers, and above all what is not."""

import re

import pytest
from django.contrib import messages
from django.core.cache import caches
from django.http import HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from portal import urls as portal_urls
from portal.accounts.roles import Role
from portal.common.access.decorators import MARK, allow, open_to_all, signed_in
from portal.common.access.same_origin import from_our_own_pages
from portal.common.web.pagecache import READERS, for_readers
from tests import make
from tests.test_house import our_views

PRIVATE = "no-store, private"
drawn = []


def counted(words="page"):
    """Each drawing of a page says which one it is."""
    drawn.append(words)
    return HttpResponse(f"{words} {len(drawn)}")


def opened(view, **plan):
    return for_readers(**plan)(open_to_all(reason="a test's page")(require_safe(view)))


def template(words):
    return engines["django"].from_string(words)


def answering(change):
    def view(request):
        response = counted()
        return change(request, response) or response

    return opened(view)


def set_session(request, response):
    request.session["hold"] = "one"


def vary_by_agent(request, response):
    response["Vary"] = "User-Agent"


@open_to_all(reason="takes what a page without a token sends")
@from_our_own_pages
@require_http_methods(["GET", "POST"])
def form(request):
    return HttpResponse(f"took it by {request.method}")


PAGES = {
    "plain": opened(lambda request: counted()),
    "short": opened(lambda request: counted(), seconds=5),
    "paged": opened(lambda request: counted(request.GET.get("page", "")), params=("page",)),
    "cookies": opened(lambda request: counted(" ".join(sorted(request.COOKIES)) + request.COOKIES.get("theme", ""))),
    "token": opened(lambda request: HttpResponse(template("{% csrf_token %}").render({}, request))),
    "cookie": answering(lambda request, response: response.set_cookie("seen", "yes")),
    "session": answering(set_session),
    "message": answering(lambda request, response: messages.info(request, "Booked.")),
    "agent": answering(vary_by_agent),
    "large": opened(lambda request: HttpResponse(f"{counted().content}" + "x" * 200_001)),
    "gone": answering(lambda request, response: HttpResponse("gone", status=410)),
    "host": opened(lambda request: counted(request.get_host())),
    "fragment": opened(lambda request: counted(request.headers.get("HX-Target", "")), fragments=("results",)),
    "unmarked": open_to_all(reason="open, but not for readers")(require_safe(lambda request: counted())),
    "form": form,
}
handler400, handler404 = portal_urls.handler400, portal_urls.handler404
urlpatterns = [*(path(f"kept/{name}/", view) for name, view in PAGES.items()), *portal_urls.urlpatterns]


@pytest.fixture(autouse=True)
def _store(settings):
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    settings.CACHES = {
        **settings.CACHES,
        "readers": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "tests"},
    }
    drawn.clear()
    caches["readers"].clear()
    yield
    caches["readers"].clear()


def body(response):
    return response.content.decode()


def is_kept(address, client=None, **headers):
    client = client or Client()
    return body(client.get(address, headers=headers)) == body(client.get(address, headers=headers))


def kept_entries():
    """How many pages; beside them stand parts of pages: the crisis panel, and what to read on."""
    return sum("template.cache" not in key and "read-on:" not in key for key in caches["readers"]._cache)


# ---- What is kept ----------------------------------------------------------------------------------------------------


def test_a_page_is_drawn_once_for_all_readers(db):
    assert [body(Client().get("/kept/plain/")) for _ in range(3)] == ["page 1"] * 3


def test_a_page_that_is_found_needs_no_database(client):
    """There is none: this test may not open it."""
    assert body(client.get("/kept/plain/")) == body(client.get("/kept/plain/")) == "page 1"


def test_headers_tell_caches_what_they_may_do(client, db):
    first, second = client.get("/kept/plain/"), client.get("/kept/plain/")
    for response in (first, second):
        assert response["Cache-Control"] == "public, max-age=0, s-maxage=60, must-revalidate"
        assert response["Vary"] == "Cookie"
        assert re.fullmatch(r'W/"[0-9a-f]{32}"', response["ETag"])
        assert response["Content-Language"] == "en-au"
        assert response["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert not response.cookies
    assert "Age" not in first
    assert second["Age"] == "0"


def test_a_page_grows_old(client, db, time_machine):
    time_machine.move_to("2026-11-20 10:00:00+00:00", tick=False)
    assert body(client.get("/kept/short/")) == "page 1"
    time_machine.shift(4)
    found = client.get("/kept/short/")
    assert (body(found), found["Age"]) == ("page 1", "4")
    time_machine.shift(2)
    assert body(client.get("/kept/short/")) == "page 2"


@pytest.mark.parametrize("warm", [False, True])
def test_who_has_the_page_gets_304(client, db, warm):
    etag = client.get("/kept/plain/")["ETag"]
    if not warm:
        caches["readers"].clear()
        drawn.clear()
    again = client.get("/kept/plain/", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert again["Cache-Control"].startswith("public")
    other = client.get("/kept/plain/", headers={"If-None-Match": 'W/"other"'})
    assert (other.status_code, body(other)) == (200, "page 1")


def test_colours_have_a_page_each_and_made_up_ones_none(db):
    def page(theme):
        client = Client()
        client.cookies["theme"] = theme
        return body(client.get("/kept/cookies/"))

    assert page("dark") == page("dark") == "themedark 1"
    assert page("light") == page("light") == "themelight 2"
    assert page("<script>") == page("mauve") == page("") == "theme 3"


def test_the_drawing_sees_no_cookie_but_the_colours(client, db):
    for name in ("csrftoken", "django_language", "seen", "sessionid", "__Host-id"):
        client.cookies[name] = "s" * 32
    assert body(client.get("/kept/cookies/")) == "theme 1" == body(Client().get("/kept/cookies/"))


def test_known_parameters_have_a_page_each(client, db):
    assert body(client.get("/kept/paged/?page=2")) == body(client.get("/kept/paged/?page=2")) == "2 1"
    assert body(client.get("/kept/paged/")) == " 2"


@pytest.mark.parametrize(
    "query",
    ["utm_source=x", "page=2&x=1", "page=2&page=3", "page=%32", "&&&", "page=" + "9" * 101, "page=2&", "PAGE=2", "=&="],
)
def test_made_up_parameters_fill_no_store(client, db, query):
    assert not is_kept(f"/kept/paged/?{query}", client)
    assert kept_entries() == 0
    assert client.get(f"/kept/paged/?{query}")["Cache-Control"].startswith("public")


def test_a_flood_of_addresses_stays_within_bounds(client, db, settings):
    settings.CACHES = {
        **settings.CACHES,
        "readers": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "small",
            "OPTIONS": {"MAX_ENTRIES": 10},
        },
    }
    for n in range(50):
        client.get(f"/kept/paged/?page={n}")
    assert kept_entries() <= 10


def test_fragments_have_a_page_each(client, db):
    htmx = {"HX-Request": "true", "HX-Target": "results"}
    assert body(client.get("/kept/fragment/")) == " 1"
    assert body(client.get("/kept/fragment/", headers=htmx)) == "results 2"
    assert is_kept("/kept/fragment/", client, **htmx)
    assert body(client.get("/kept/fragment/")) == " 1"


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true"},
        {"HX-Request": "true", "HX-Target": "made-up"},
        {"HX-Request": "true", "HX-Target": "results", "HX-History-Restore-Request": "true"},
        {"HX-Request": "true", "HX-Target": "results", "HX-Boosted": "true"},
        {"HX-Request": "false", "HX-Target": ""},
    ],
)
def test_other_calls_of_htmx_are_drawn_anew(client, db, headers):
    client.get("/kept/fragment/")
    assert not is_kept("/kept/fragment/", client, **headers)
    assert kept_entries() == 1


def test_a_target_without_htmx_is_nothing(client, db):
    first = client.get("/kept/plain/")
    assert body(client.get("/kept/plain/", headers={"HX-Target": "results"})) == body(first)


def test_head_is_answered_from_the_page_and_never_kept_itself(client, db):
    head = client.head("/kept/plain/")
    assert (head.content, head.status_code, kept_entries()) == (b"", 200, 0)
    page = client.get("/kept/plain/")
    assert body(page) == "page 2"
    assert client.head("/kept/plain/")["ETag"] == page["ETag"]
    assert body(client.get("/kept/plain/")) == "page 2"


def test_a_range_gets_the_whole_page(client, db):
    client.get("/kept/plain/")
    part = client.get("/kept/plain/", headers={"Range": "bytes=0-1"})
    assert (part.status_code, body(part)) == (200, "page 1")


# ---- Hosts -----------------------------------------------------------------------------------------------------------


def test_hosts_do_not_share_pages(client, db):
    assert body(client.get("/kept/host/", headers={"Host": "other.example"})) == "other.example 1"
    assert body(client.get("/kept/host/")) == "testserver 2"


def test_a_made_up_host_is_refused_when_the_page_is_found_too(client, db):
    client.get("/kept/host/")
    refused = client.get("/kept/host/", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert b"evil" not in refused.content


# ---- What is never kept ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cookie", "session", "message", "token", "unmarked"])
def test_a_page_that_is_somebodys_own_stays_private(db, name):
    for _ in range(2):
        response = Client().get(f"/kept/{name}/")
        assert (response.status_code, response["Cache-Control"]) == (200, PRIVATE)
    assert kept_entries() == 0


@pytest.mark.parametrize("name", ["agent", "large", "gone"])
def test_other_answers_are_not_kept(client, db, name):
    assert client.get(f"/kept/{name}/").content
    assert kept_entries() == 0


def test_what_is_not_found_is_private(client, db):
    assert client.get("/kept/nothing/")["Cache-Control"] == PRIVATE
    assert kept_entries() == 0


@pytest.mark.parametrize("cookie", ["portal_session", "messages"])
def test_who_brings_a_session_or_a_message_gets_a_page_of_their_own(db, cookie):
    client, reader = Client(), Client()
    client.cookies[cookie] = "whatever"
    own = client.get("/kept/plain/")
    assert (body(own), own["Cache-Control"], kept_entries()) == ("page 1", PRIVATE, 0)
    assert body(reader.get("/kept/plain/")) == "page 2"
    assert body(client.get("/kept/plain/")) == "page 3"


def test_who_brings_credentials_gets_a_page_of_their_own(client, db):
    client.get("/kept/plain/")
    own = client.get("/kept/plain/", headers={"Authorization": "Basic QTpC"})
    assert (body(own), own["Cache-Control"]) == ("page 2", PRIVATE)


def test_posting_reaches_the_view(client, db):
    client.get("/kept/plain/")
    assert client.post("/kept/plain/").status_code == 405


@pytest.mark.parametrize("mark", [lambda view: view, allow(Role.PATIENT), signed_in])
def test_only_open_views_can_be_for_readers(mark):
    with pytest.raises(TypeError):
        for_readers()(mark(lambda request: HttpResponse()))


@pytest.mark.parametrize("seconds", [0, -1, 61])
def test_nothing_is_kept_for_longer_than_a_minute(seconds):
    with pytest.raises(ValueError, match="up to 60"):
        for_readers(seconds=seconds)


# ---- Every address of the portal -------------------------------------------------------------------------------------


def test_only_open_views_are_for_readers():
    kept = [(address, view) for address, view in our_views() if hasattr(view, READERS)]
    assert {"", "services/", "fees/", "psychologists/", "blog/", "blog/feed/", "robots.txt"} <= {
        address for address, _ in kept
    }
    assert [
        a for a, view in kept if not isinstance(getattr(view, MARK), str) or getattr(view, MARK) == "signed in"
    ] == []


PRIVATE_ROOMS = ("accounts/", "my/", "practice/", "reception/", "manage/", "book/", "theme/", "blog/preview/")


def test_no_private_room_is_for_readers():
    assert [a for a, view in our_views() if hasattr(view, READERS) and a.startswith(PRIVATE_ROOMS)] == []


def addresses_for_readers():
    return sorted(a for a, view in our_views() if hasattr(view, READERS) and "<" not in a and not a.startswith("kept/"))


@override_settings(ROOT_URLCONF="portal.urls")
@pytest.mark.parametrize("prefix", ["/", "/ar/"])
def test_a_signed_in_persons_pages_are_never_kept_nor_taken_from_what_is(db, settings, prefix):
    """Each page for readers: first the person, then a reader, then the person again."""
    settings.ROOT_URLCONF = "portal.urls"
    make.clinic()
    person = make.user(first_name="Wirihana", last_name="Ngata")
    signed, reader = make.client_for(person), Client()
    for address in addresses_for_readers():
        page = prefix + address if address != "sitemap.xml" and address != "robots.txt" else "/" + address
        before = kept_entries()
        own = signed.get(page)
        assert (own.status_code, own["Cache-Control"], kept_entries()) == (200, PRIVATE, before), page
        public = reader.get(page)
        assert public["Cache-Control"].startswith("public, "), page
        assert kept_entries() == before + 1, page
        again = signed.get(page, headers={"If-None-Match": public["ETag"]})
        assert (again.status_code, again["Cache-Control"]) == (200, PRIVATE), page
        if "text/html" in own["Content-Type"]:
            assert "/accounts/login/" in body(public), page
            assert "/accounts/login/" not in body(own), page


@pytest.mark.parametrize("address", ["/psychologists/?mode=video", "/ar/psychologists/?mode=video"])
def test_what_the_one_before_read_in_does_not_matter(db, settings, address):
    """A thread goes on speaking the language of its last request until this one's is chosen."""
    settings.ROOT_URLCONF = "portal.urls"
    make.clinic()
    Client().get(address)
    for other in ("/", "/ar/", "/vi/"):
        Client().get(other)
        assert Client().get(address).has_header("Age"), other


def test_pages_for_readers_hold_no_token_and_set_no_cookie(db, settings):
    settings.ROOT_URLCONF = "portal.urls"
    make.clinic()
    for address in addresses_for_readers():
        response = Client().get("/" + address)
        assert b"csrfmiddlewaretoken" not in response.content, address
        assert b"x-csrftoken" not in response.content, address
        assert not response.cookies, address


# ---- Forms without a token -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "https://testserver"}, 403),
        ({"Origin": "http://testserver:81"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example", "Referer": "http://testserver/"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Referer": "http://testserver/psychologists/"}, 200),
        ({"Referer": "http://evil.example/http://testserver/"}, 403),
        ({}, 403),
    ],
)
def test_a_form_without_a_token_is_taken_from_our_own_pages_only(db, headers, status):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/kept/form/", headers=headers).status_code == status
    assert client.get("/kept/form/").status_code == 200


def test_a_form_with_a_token_is_taken_from_a_browser_that_says_nothing(db):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "t" * 32
    assert client.post("/kept/form/", {"csrfmiddlewaretoken": "t" * 32}).status_code == 200
    assert client.post("/kept/form/", {"csrfmiddlewaretoken": "u" * 32}).status_code == 403


def test_only_these_views_go_without_djangos_own_check():
    exempt = {a for a, view in our_views() if getattr(view, "csrf_exempt", False) and not a.startswith("kept/")}
    assert exempt == {
        "theme/",
        "book/<slug:service>/",
        "api/webhooks/stripe/",
        "api/webhooks/twilio/",
        "api/webhooks/twilio/status/<uuid:code>/",
    }


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_choosing_colours_leads_to_our_own_pages_only(db, back):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/theme/", {"theme": "dark", "next": back})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert set(answer.cookies) == {"theme"}
