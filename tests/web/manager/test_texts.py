"""The manager changes the website's words, and keeps the crisis lines."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.languages.times import date_short
from portal.website import texts
from portal.website.models import CrisisLine, SiteText
from tests import make

pytestmark = pytest.mark.django_db
PAGE, LINES = "/manage/texts/", "/manage/crisis-lines/"


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER)


def send(client, key, text, language="en-au"):
    page = client.shown(f"{PAGE}{key}/?language={language}")
    return client.post(f"{PAGE}{key}/", {"text": text, "language": language} | page)


def reset(client, key, language="en-au", page=None):
    page = client.shown(f"{PAGE}{key}/?language={language}") if page is None else page
    return client.post(f"{PAGE}{key}/standard/", {"language": language} | page, follow=True)


@pytest.mark.parametrize("says", [True, False])
def test_words_that_were_changed_since_the_page_was_drawn_are_kept(boss, says):
    make.clinic()
    send(boss, "home.title", "Sit down.")
    page = boss.shown(f"{PAGE}home.title/?language=en-au") if says else {}
    send(boss, "home.title", "Sit down. Breathe out.")
    answer = reset(boss, "home.title", page=page)
    assert answer.redirect_chain == [(f"{PAGE}home.title/?language=en-au", 302)]
    assert "Your words were changed meanwhile, and are kept." in answer.content.decode()
    assert SiteText.objects.get().text == "Sit down. Breathe out."
    # Looked at again, they go; and who presses twice is told no otherwise.
    page = boss.shown(f"{PAGE}home.title/?language=en-au")
    for _ in range(2):
        answer = reset(boss, "home.title", page=page)
        assert "The standard words are back." in answer.content.decode()
    assert not SiteText.objects.exists()


def test_own_words_are_on_the_website_and_go_again(boss):
    make.clinic()
    assert send(boss, "home.title", "Sit down. Breathe out.").url == f"{PAGE}?language=en-au"
    assert "Sit down. Breathe out." in Client().get("/").content.decode()
    assert "Sit down. Breathe out." not in Client().get("/vi/").content.decode()
    reset(boss, "home.title")
    assert "A quiet hour that is yours." in Client().get("/").content.decode()
    assert [e.verb for e in Entry.objects.order_by("pk")][-2:] == ["site_text.changed", "site_text.reset"]


@pytest.mark.parametrize("key", ["nobody", "%00"])
def test_only_texts_that_exist_go_back_to_the_standard_words(boss, key):
    assert boss.post(f"{PAGE}{key}/standard/", {"language": "en-au"}).status_code == 404


def test_the_standard_words_sent_back_are_no_words_of_ones_own(boss):
    send(boss, "home.title", "Mine")
    send(boss, "home.title", "A quiet hour that is yours.")
    assert not SiteText.objects.exists()


def test_a_service_gets_its_arabic_name(boss):
    make.clinic()
    service = make.service(name="First visit", online=True)
    make.week(psychologist=make.psychologist(), location=make.location())
    key = texts.key_of(service, "name")
    assert "First visit" in boss.get(f"{PAGE}?language=ar").content.decode()
    send(boss, key, "الزيارة الأولى", "ar")
    arabic = Client().get("/ar/services/").content.decode()
    assert "الزيارة الأولى" in arabic
    assert "First visit" not in arabic
    assert '<span lang="en-au" dir="auto">First visit</span>' in Client().get("/vi/services/").content.decode()


def test_a_page_keeps_the_language_that_is_being_edited(boss):
    """Else the Arabic words are saved in the place of the English ones."""
    listing = boss.get(f"{PAGE}?language=ar").content.decode()
    assert f'href="{PAGE}home.title/?language=ar"' in listing
    editor = boss.get(f"{PAGE}home.title/?language=ar").content.decode()
    assert '<input type="hidden" name="language" value="ar">' in editor
    assert 'name="language" value="en-au"' not in editor


@pytest.mark.parametrize(
    ("key", "language", "status"),
    [
        ("home.title", "en-au", 200),
        ("home.title", "xx", 200),  # what can't be read is the clinic's own language
        ("home.nothing", "en-au", 404),
        ("service.00000000-0000-0000-0000-000000000000.name", "ar", 404),
    ],
)
def test_only_texts_that_exist_have_a_page(boss, key, language, status):
    assert boss.get(f"{PAGE}{key}/?language={language}").status_code == status


def test_a_service_has_its_english_name_on_its_own_page_only(boss):
    service = make.service()
    assert boss.get(f"{PAGE}{texts.key_of(service, 'name')}/?language=en-au").status_code == 404


@pytest.mark.parametrize("text", ["", "  ", "x" * 81, "a\x00b"])
def test_words_that_cannot_be_taken_come_back_with_a_reason(boss, text):
    response = send(boss, "home.title", text)
    assert response.status_code == 422
    assert response.context["form"].errors["text"]
    assert not SiteText.objects.exists()


def test_the_list_costs_the_same_whatever_there_is(boss):
    boss.get(PAGE)
    counts = []
    for more in (1, 29):
        for _ in range(more):
            service = make.service(description="We meet.")
            make.specialisation()
            make.post(category=make.category(description="About it."), tags=(f"Tag {len(counts)} {_}",))
            SiteText.objects.create(
                key=texts.key_of(service, "name"), language="vi", text="Buổi", changed_at=timezone.now()
            )
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(f"{PAGE}?language=vi").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_category_and_a_tag_get_their_names_where_everything_gets_them(boss):
    make.clinic()
    shelf = make.category(name="Worry", description="What worry does.")
    post = make.post(slug="nights", category=shelf, tags=("Sleep",))
    tag = post.tags.get()
    keys = {
        texts.key_of(shelf, "name"): "القلق",
        texts.key_of(shelf, "description"): "ما يفعله القلق.",
        texts.key_of(tag, "name"): "النوم",
    }
    offered = boss.get(f"{PAGE}?language=ar").content.decode()
    english = boss.get(f"{PAGE}?language=en-au").content.decode()
    for key, words in keys.items():
        assert f'href="{PAGE}{key}/?language=ar"' in offered
        assert key not in english
        assert boss.get(f"{PAGE}{key}/?language=en-au").status_code == 404
        assert send(boss, key, words, "ar").url == f"{PAGE}?language=ar"
    page = Client().get("/ar/blog/nights/").content.decode()
    assert ("القلق" in page, "النوم" in page, "Worry" in page, "Sleep" in page) == (True, True, False, False)
    reset(boss, texts.key_of(tag, "name"), "ar")
    assert '<span lang="en-au" dir="auto">Sleep</span>' in Client().get("/ar/blog/nights/").content.decode()
    changed = [e.facts for e in Entry.objects.filter(verb="site_text.changed").order_by("pk")]
    assert [(facts["page"], facts["text"]) for facts in changed] == [
        ("category", "name"), ("category", "description"), ("tag", "name")
    ]  # fmt: skip


def test_a_tag_of_another_script_gets_its_names(boss):
    tag = make.post(tags=("Giấc-ngủ",)).tags.get()
    assert send(boss, texts.key_of(tag, "name"), "النوم", "ar").status_code == 302
    assert texts.Texts("ar").name_of(tag) == texts.Wording("النوم")


def test_a_categorys_page_says_what_it_is_called_elsewhere_and_leads_there(boss):
    shelf = make.category(name="Worry")
    key = texts.key_of(shelf, "name")
    send(boss, key, "القلق", "ar")
    page = boss.get(f"/manage/articles/shelves/categories/{shelf.code}/")
    assert [(one.code, name) for one, name in page.context["tongues"]] == [
        ("zh-hans", ""), ("vi", ""), ("ar", "القلق")
    ]  # fmt: skip
    assert [f'href="{PAGE}{key}/?language={code}"' in page.content.decode() for code in ("zh-hans", "vi", "ar")] == [
        True, True, True
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("room", "part"),
    [
        ("/manage/articles/shelves/", "category"),
        ("/manage/articles/shelves/", "tag"),
        ("/manage/staff/words/", "specialisation"),
    ],
)
def test_who_looks_for_names_beside_their_list_is_led_to_them(boss, room, part):
    make.post(category=make.category(), tags=("Sleep",))
    make.specialisation()
    assert f'href="{PAGE}?language=ar#page-{part}"' in boss.get(room).content.decode()
    assert f'id="page-{part}"' in boss.get(f"{PAGE}?language=ar").content.decode()


def test_a_specialisation_that_goes_takes_its_names_along(boss):
    grief, griefs = make.specialisation(name="Grief"), make.specialisation(name="Griefs")
    for topic in (grief, griefs):
        send(boss, texts.key_of(topic, "name"), "الحزن", "ar")
    boss.post("/manage/staff/words/specialisations/", {"remove": grief.slug})
    assert list(SiteText.objects.values_list("key", flat=True)) == [texts.key_of(griefs, "name")]


# ---- Crisis lines ----------------------------------------------------------------------------------------------------

LINE = {
    "situation": "talk", "name": "Griefline", "kind": "call", "number": "1300 845 745", "link": "", "hours": "",
    "audience": "After a loss.", "everywhere": "",
}  # fmt: skip


def test_a_line_is_added_changed_and_taken_off(boss):
    make.clinic()
    boss.post(f"{LINES}new/", LINE)
    line = CrisisLine.objects.get(name="Griefline")
    assert (line.checked_on, line.checked_by) == (None, None), "nobody has said that they checked it"
    assert "not checked yet" in boss.get(LINES).text
    page = Client().get("/crisis/").content.decode()
    assert 'href="tel:1300845745"' in page
    assert "After a loss." in page
    assert "Griefline" not in Client().get("/services/").content.decode()

    boss.send(f"{LINES}{line.code}/", {**LINE, "everywhere": "on"})
    assert "Griefline" in Client().get("/services/").content.decode()
    asked = boss.get(f"{LINES}{line.code}/take-off/").content.decode()
    assert ("Take Griefline off the website?" in asked, "1300 845 745" in asked) == (True, True)
    assert "Griefline" in Client().get("/crisis/").content.decode(), "nothing was done yet"
    boss.post(f"{LINES}{line.code}/take-off/")
    assert "Griefline" not in Client().get("/crisis/").content.decode()
    boss.post(f"{LINES}{line.code}/change/", {"do": "show"})
    assert "Griefline" in Client().get("/crisis/").content.decode()
    verbs = [e.verb for e in Entry.objects.filter(verb__startswith="crisis_line").order_by("pk")]
    assert verbs == ["crisis_line.added", "crisis_line.changed", "crisis_line.retired", "crisis_line.restored"]


def test_the_same_number_twice_is_said(boss):
    words = "stands on the list with the same number"
    assert words not in boss.post(f"{LINES}new/", LINE, follow=True).text
    assert words in boss.send(f"{LINES}new/", {**LINE, "name": "Grief", "number": "1300 845745"}, follow=True).text


def test_checking_is_kept_with_its_day(boss):
    line = CrisisLine.objects.first()
    boss.post(f"{LINES}{line.code}/change/", {"do": "checked"})
    line.refresh_from_db()
    assert (line.checked_on, line.checked_by) == (timezone.localdate(), boss.user)
    today = date_short(timezone.localdate())
    assert f"checked on {today} by {boss.user.name}" in boss.get(LINES).text


def test_whoever_adds_a_line_can_say_that_they_checked_it(boss):
    boss.post(f"{LINES}new/", {**LINE, "checked": "on"})
    line = CrisisLine.objects.get(name="Griefline")
    assert (line.checked_on, line.checked_by) == (timezone.localdate(), boss.user)


@pytest.mark.parametrize("says_so", [False, True])
def test_another_number_is_to_be_checked_until_somebody_says_it_was(boss, says_so):
    boss.post(f"{LINES}new/", {**LINE, "checked": "on"})
    line = CrisisLine.objects.get(name="Griefline")
    boss.send(f"{LINES}{line.code}/", {**LINE, "audience": "After any loss."})
    assert line in CrisisLine.objects.filter(checked_by=boss.user), "other words make no other number"
    boss.send(f"{LINES}{line.code}/", {**LINE, "number": "1300 845 746"} | ({"checked": "on"} if says_so else {}))
    line.refresh_from_db()
    assert (line.checked_on is None) is not says_so
    assert ("To be checked" in boss.get(LINES).text) is not says_so


def test_moving_changes_the_order_on_the_page(boss):
    first, second = CrisisLine.objects.all()[:2]
    boss.post(f"{LINES}{first.code}/change/", {"do": "down"})
    assert list(CrisisLine.objects.all()[:2]) == [second, first]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"number": ""}, "number"),
        ({"number": "12345678901234567890"}, "number"),
        ({"number": "1300 845 74"}, "number"),
        ({"number": "0012 345 678"}, "number"),
        ({"number": "call me"}, "number"),
        ({"kind": "chat"}, "link"),
        ({"kind": "chat", "link": "javascript:go()"}, "link"),
        ({"kind": "chat", "link": "https://["}, "link"),
        ({"kind": "chat", "link": "https://[x]/"}, "link"),
        ({"kind": "fax"}, "kind"),
    ],
)
def test_a_line_that_nobody_could_reach_is_refused(boss, changed, field):
    before = CrisisLine.objects.count()
    response = boss.post(f"{LINES}new/", {**LINE, **changed})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert CrisisLine.objects.count() == before
