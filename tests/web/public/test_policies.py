"""What readers see of the policies: the one in force, older ones, and which language counts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.policies import facts, publishing
from portal.policies.models import PolicyKind, PolicyVersion
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clinic():
    with time_machine.travel(NOW, tick=False):
        yield make.clinic(abn="51824753556", state="VIC", cancel_hours=48, phone="+61370105500")


def publish(kind, *, in_days=0, **kwargs):
    day = ClinicSettings.current().today(NOW) + timedelta(days=in_days)
    return publishing.publish(kind=kind, effective_from=day, by=Actor.system("test"), now=NOW, **kwargs)


def page(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status
    return re.sub(r"\s+", " ", response.content.decode())


BANNERS = {
    "draft": "This is a draft. The clinic has not published it yet.",
    "older": "This is an older version, of",
    "coming": "This version takes effect on",
    "new": "A new version takes effect on",
    "translated": "This is a translation.",
    "english": "This text is not translated yet",
}


def banners(html):
    return {name for name, words in BANNERS.items() if words in html}


@pytest.mark.parametrize("kind", PolicyKind)
def test_before_anything_is_published_the_draft_says_that_it_is_one(client, kind):
    html = page(client, f"/{kind}/")
    assert banners(html) == {"draft"}
    assert "All versions" not in html


@pytest.mark.parametrize("kind", PolicyKind)
def test_the_one_in_force_stands_without_a_warning_and_is_found_by_search_engines(client, kind):
    publish(kind)
    html = page(client, f"/{kind}/")
    assert banners(html) == set()
    assert 'content="noindex"' not in html
    assert f'href="/{kind}/2026-11-22/"' in html or "<strong aria-current" in html
    assert "Sunday 22 November 2026" in html


@pytest.mark.parametrize("kind", PolicyKind)
def test_an_older_one_keeps_its_words_and_leads_to_the_one_in_force(client, kind):
    publish(kind)
    make.clinic(phone="+61390101234")
    publish(kind, changes="A new phone.")
    old = page(client, f"/{kind}/2026-11-22/")
    assert banners(old) == {"older"}
    assert f'<a href="/{kind}/">Read the one in force</a>' in old
    assert 'content="noindex"' in old
    article = old[old.index("<article") : old.index("</article>")]
    assert ("(03) 7010 5500" in article, "(03) 9010 1234" in article) == (True, False)
    new = page(client, f"/{kind}/")
    assert "(03) 9010 1234" in new[new.index("<article") : new.index("</article>")]
    assert "A new phone." in new


@pytest.mark.parametrize("kind", PolicyKind)
def test_one_that_is_still_to_come_can_be_read_and_says_from_when(client, kind):
    publish(kind)
    publish(kind, in_days=9)
    assert banners(page(client, f"/{kind}/")) == {"new"}
    coming = page(client, f"/{kind}/2026-12-01/")
    assert banners(coming) == {"coming"}
    assert "Tuesday 1 December 2026" in coming


@pytest.mark.parametrize("path", ["/privacy/2026-11-23/", "/privacy/1/", "/fees/x/"])
def test_what_was_never_published_is_not_found(client, path):
    publish(PolicyKind.PRIVACY)
    publish(PolicyKind.FEES)
    page(client, path, status=404)


def test_a_version_of_one_kind_is_not_found_as_the_other(client):
    publish(PolicyKind.PRIVACY)
    page(client, "/fees/2026-11-22/", status=404)


def test_without_a_translation_the_english_text_says_so_and_is_marked_as_english(client, monkeypatch):
    monkeypatch.setattr(publishing, "write_all", lambda kind, known: {"en-au": publishing.write(kind, known)})
    publish(PolicyKind.PRIVACY)
    html = page(client, "/ar/privacy/")
    assert html.index('<html lang="ar" dir="rtl"') >= 0
    assert '<article class="prose stack loose" lang="en-au" dir="ltr">' in html


def test_a_translation_says_that_english_counts_and_leads_there(client, monkeypatch):
    def write_all(kind, known):
        return {
            "en-au": publishing.write(kind, known),
            "vi": {"title": "Chính sách", "summary": ["Ngắn"], "sections": []},
        }

    monkeypatch.setattr(publishing, "write_all", write_all)
    publish(PolicyKind.PRIVACY)
    html = page(client, "/vi/privacy/")
    assert "Chính sách" in html
    assert '<a href="/privacy/" hreflang="en" lang="en">English</a>' in html
    assert '<article class="prose stack loose">' in html


def test_what_the_manager_typed_is_text_and_never_markup(client):
    publishing.update_settings(
        values={"privacy_additions": "We train <script>alert(1)</script> at https://example.com"},
        by=Actor.system("test"),
        now=NOW,
    )
    publish(PolicyKind.PRIVACY)
    html = page(client, "/privacy/")
    assert "We train &lt;script&gt;alert(1)&lt;/script&gt; at" in html
    assert '<a href="https://example.com" rel="nofollow">https://example.com</a>' in html


def test_what_changed_is_said_in_the_language_of_the_page_or_says_that_it_is_english(client):
    publishing.publish_first(by=Actor.system("test"), now=NOW)
    publishing.publish(
        kind=PolicyKind.FEES,
        effective_from=NOW.date() + timedelta(days=1),
        changes="Later.",
        by=Actor.system("t"),
        now=NOW,
    )
    here, there = (page(client, f"{path}/fees/").partition('id="all-versions"')[2] for path in ("", "/vi"))
    assert "The first version." in here
    assert "In English" not in here
    assert "The first version." not in there
    assert 'Bằng tiếng Anh: <span lang="en" dir="auto">Later.</span>' in there


def test_prices_are_todays_while_the_rules_are_those_published(client):
    service = make.service(name="A session", fee="220.00")
    make.psychologist()
    publish(PolicyKind.FEES)
    service.fee = "240.00"
    service.save()
    make.clinic(cancel_hours=12)
    html = page(client, "/fees/")
    assert "$240.00" in html
    assert "until 48 hours before it begins" in html
    assert "12 hours" not in html


@pytest.mark.parametrize("path", ["/privacy/", "/fees/", "/privacy/2026-11-22/"])
def test_readers_get_no_cookie(client, path):
    publish(PolicyKind.PRIVACY)
    response = client.get(path)
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize("kind", PolicyKind)
def test_the_cost_does_not_grow_with_the_versions(client, kind, django_assert_max_num_queries):
    for _ in range(12):
        publish(kind)
    with django_assert_max_num_queries(20):
        page(client, f"/{kind}/")
    assert PolicyVersion.objects.of(kind).count() == 12


def test_every_cookie_that_the_portal_sets_is_in_the_policy(client):
    """Follows a reader who chooses, books and signs in, and looks at what their browser was given."""
    make.service(slug="session")
    account = make.user()
    make.patient(user=account)
    for path in ("/", "/book/", "/accounts/login/", "/accounts/signup/", "/vi/", "/my/", "/book/session/"):
        client.get(path)
    client.post(reverse("choose_theme"), {"theme": "dark", "next": "/"})
    client.post("/accounts/login/", {"login": account.email, "password": make.PASSWORD})
    client.get("/my/")
    client.get("/book/session/confirm/")  # leads back with a message
    assert set(client.cookies) <= set(facts.cookies())
    assert {"theme", "csrftoken", "portal_session"} <= set(client.cookies)
