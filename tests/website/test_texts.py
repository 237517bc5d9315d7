"""The words of the website: what ships, what the clinic says instead, and in which language."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.template import engines
from django.utils import timezone
from django.utils.translation import override

from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.notifications import rendering
from portal.website import actions, crisis, texts
from portal.website.models import CrisisLine, SiteText
from tests import make

pytestmark = pytest.mark.django_db
BY = Actor.system("test")


def say(key, language, text):
    return actions.set_text(key=key, language=language, text=text, by=BY, now=timezone.now())


def drawn(source, **context):
    return engines["django"].from_string(source).render(context)


def test_every_text_has_a_key_of_its_own_that_fits():
    keys = [text.key for page in texts.SHIPPED for text in page.texts]
    assert len(keys) == len(set(keys))
    assert all(len(key) <= SiteText._meta.get_field("key").max_length for key in keys)
    column = SiteText._meta.get_field("text").max_length
    assert all(text.max_length <= column for page in texts.SHIPPED for text in page.texts)


@pytest.mark.parametrize("text", [text for page in texts.SHIPPED for text in page.texts], ids=lambda text: text.key)
def test_what_ships_keeps_to_its_own_length(text):
    for language in ("en-au", "zh-hans", "vi", "ar"):
        with override(language):
            assert 0 < len(text.shipped()) <= text.max_length


def test_own_words_stand_before_what_ships_in_their_language_alone():
    say("home.title", "en-au", "Sit down. Breathe out.")
    assert texts.get("home.title", "en-au") == "Sit down. Breathe out."
    vietnamese = texts.get("home.title", "vi")
    assert vietnamese != "Sit down. Breathe out."
    with override("vi"):
        assert vietnamese == texts.find("home.title", "vi")[1].shipped()


def test_unknown_text_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        texts.get("home.nothing")


def test_a_page_reads_its_texts_once(django_assert_num_queries):
    say("home.title", "en-au", "Sit down.")
    page = texts.Texts("en-au")
    # The stamp of what is kept, and the words.
    with django_assert_num_queries(2):
        shown = {text.key: page.get(text.key) for group in texts.SHIPPED for text in group.texts}
    assert shown["home.title"] == "Sit down."


def test_own_words_of_a_row_in_another_language():
    service = make.service(name="First visit", description="We meet.")
    say(texts.key_of(service, "name"), "ar", "الزيارة الأولى")
    arabic, english = texts.Texts("ar"), texts.Texts("en-au")
    assert arabic.of(service, "name") == texts.Wording("الزيارة الأولى")
    assert arabic.of(service, "description") == texts.Wording("We meet.", "en-au")
    assert english.of(service, "name") == texts.Wording("First visit")


def test_words_that_stay_english_are_marked_so():
    topic = make.specialisation(name="Grief & loss")
    with override("ar"):
        assert drawn("{% words topic %}", topic=topic) == '<span lang="en-au" dir="auto">Grief &amp; loss</span>'
        assert drawn("<option{% lang_of topic %}>", topic=topic) == '<option lang="en-au" dir="auto">'
    with override("en-au"):
        assert drawn("{% words topic %}<option{% lang_of topic %}>", topic=topic) == "Grief &amp; loss<option>"


def test_own_words_run_nothing():
    say("home.who", "en-au", "<script>go()</script> **so** [x](javascript:go())")
    say("home.title", "en-au", "<b>bold</b>")
    html = drawn('{% rich_text "home.who" %}{% text "home.title" %}')
    assert "<script" not in html
    assert "href" not in html
    assert "<strong>so</strong>" in html
    assert "&lt;b&gt;bold" in html


def test_own_words_of_more_parts_than_a_page_holds_are_shown_as_typed(client):
    say("home.who", "en-au", "<b>|" * 900 + "\n" + "-|" * 900 + "\n" + "a\n" * 250)
    response = client.get("/")
    assert response.status_code == 200
    assert "&lt;b&gt;|&lt;b&gt;" in response.content.decode()


def test_questions_are_cut_from_one_text():
    found = texts.questions("Before\n## One?\nYes.\n\nAnd no.\n##\nleft out\n## Two?")
    assert [question for question, _ in found] == ["One?", "Two?"]
    assert found[0][1].strip() == "<p>Yes.</p>\n<p>And no.</p>"
    with override("en-au"):
        assert len(texts.questions(texts.get("home.questions", "en-au"))) == 6


def test_setting_and_resetting_leave_a_trail_without_the_words():
    service = make.service()
    say("home.title", "en-au", "One")
    say("home.title", "en-au", "One")
    say("home.title", "en-au", "Two")
    say(texts.key_of(service, "name"), "vi", "Buổi gặp")
    actions.reset_text(key="home.title", language="en-au", by=BY, now=timezone.now())
    actions.reset_text(key="home.title", language="en-au", by=BY, now=timezone.now())
    assert list(Entry.objects.order_by("pk").values_list("verb", "facts")) == [
        ("site_text.changed", {"page": "home", "text": "title", "language": "en-au"}),
        ("site_text.changed", {"page": "home", "text": "title", "language": "en-au"}),
        ("site_text.changed", {"page": "service", "text": "name", "language": "vi"}),
        ("site_text.reset", {"page": "home", "text": "title", "language": "en-au"}),
    ]
    assert not SiteText.objects.filter(key="home.title").exists()


def test_a_text_stands_once_in_a_language_and_never_empty():
    SiteText.objects.create(key="home.title", language="vi", text="A", changed_at=timezone.now())
    for text in ("B", ""):
        key = "home.title" if text else "home.lede"
        with pytest.raises(IntegrityError), transaction.atomic():
            SiteText.objects.create(key=key, language="vi", text=text, changed_at=timezone.now())


# ---- Crisis lines ----------------------------------------------------------------------------------------------------


def fields(line):
    return (
        line.situation, line.name, line.kind, line.number, line.hours, line.audience, line.everywhere, line.checked_on
    )  # fmt: skip


def test_the_list_that_was_sown_is_the_one_that_ships():
    sown = import_module("portal.clinic.migrations.0003_seed_crisis_lines")
    assert [tuple(line) for line in sown.LINES] == [tuple(map_plain(line)) for line in crisis.SHIPPED]
    assert [fields(line) for line in crisis.lines()] == [fields(line) for line in crisis.shipped()]


def map_plain(line):
    return [str(value) if isinstance(value, str) else value for value in line]


@pytest.mark.parametrize(("language", "named"), [("en-au", False), ("zh-hans", True), ("vi", True), ("ar", True)])
def test_the_panel_names_interpreters_on_pages_in_another_language(language, named):
    with override(language):
        panel = drawn('{% include "components/_crisis_panel.html" %}', crisis_lines=crisis.lines())
    assert ('href="tel:131450"' in panel) is named
    assert panel.count('href="tel:131114"') == 1


@pytest.mark.parametrize(
    ("language", "named"),
    [("en-au", ["Lifeline"]), ("vi", ["Lifeline", "TIS National"]), ("ar", ["Lifeline", "TIS National"])],
)
def test_where_there_is_little_room_the_first_line_and_who_interprets_stand(language, named):
    with override(language):
        assert [line.name for line in crisis.lines_in_short()] == named
        CrisisLine.objects.filter(name="Lifeline").update(everywhere=False)
        assert crisis.lines_in_short()[0].name == "Suicide Call Back Service"


def test_interpreters_are_the_clinics_own_lines():
    line = CrisisLine.objects.get(name="TIS National")
    with override("vi"):
        assert crisis.interpreters() == [line]
        CrisisLine.objects.filter(pk=line.pk).update(kind="text")
        assert crisis.interpreters() == []
        CrisisLine.objects.filter(pk=line.pk).update(is_active=False)
        assert "131450" not in drawn('{% include "components/_crisis_panel.html" %}', crisis_lines=crisis.lines())
    assert crisis.interpreters() == []


@pytest.mark.parametrize("language", ["en-au", "zh-hans", "vi", "ar"])
def test_emails_in_another_language_say_where_interpreters_are(language, django_assert_num_queries):
    make.clinic()
    # The stamp of what is kept, the clinic, its own words for notices, and the interpreters' line.
    with django_assert_num_queries(3 if language == "en-au" else 4):
        written = rendering.render("file_shared", {"called": "Mai", "path": "/my/"}, language=language)
    for part in (written.html, written.text):
        assert "Lifeline" in part
        assert ("131 450" in part) is (language != "en-au")


def test_every_email_says_it_in_its_words_too():
    """Some read only the text: what stands at the foot of a notice stands there for them as well."""
    folder = Path(settings.BASE_DIR) / "templates" / "notifications"
    for body in folder.rglob("body.txt"):
        assert body.read_text().startswith("{% extends "), body


def test_an_empty_list_falls_back_to_what_ships():
    CrisisLine.objects.update(is_active=False)
    assert [line.name for line in crisis.lines()] == [line[1] for line in crisis.SHIPPED]
    assert all(line.pk is None for line in crisis.lines())


def test_what_ships_is_to_be_checked_too_while_it_is_shown():
    """Whoever took every line away shows numbers all the same, and is reminded of them."""
    newest = max(line[-1] for line in crisis.SHIPPED)
    CrisisLine.objects.update(is_active=False, checked_on=newest)
    names = [line[1] for line in crisis.SHIPPED if line[-1] < newest]
    assert [line.name for line in crisis.unchecked(today=newest + crisis.CHECKED_WITHIN)] == names
    CrisisLine.objects.filter(name="QLife").update(is_active=True)
    assert crisis.unchecked(today=newest + crisis.CHECKED_WITHIN) == []


@pytest.mark.parametrize(
    ("kind", "number", "link", "href", "shown"),
    [
        ("call", "13 11 14", "", "tel:131114", "13 11 14"),
        ("text", "0477 13 11 14", "", "sms:0477131114", "0477 13 11 14"),
        ("chat", "", "https://www.example.org/chat/", "https://www.example.org/chat/", "example.org/chat"),
    ],
)
def test_what_a_tap_does(kind, number, link, href, shown):
    line = CrisisLine(kind=kind, number=number, link=link)
    assert (line.href, line.shown_as) == (href, shown)


@pytest.mark.parametrize("fields", [{"kind": "call", "number": ""}, {"kind": "chat", "number": "1", "link": ""}])
def test_a_line_can_be_reached(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        CrisisLine.objects.create(name="Nobody", checked_on=date(2026, 1, 1), **fields)


def test_nobody_has_checked_a_line_on_no_day():
    with pytest.raises(IntegrityError), transaction.atomic():
        CrisisLine.objects.create(name="Nobody", number="1", checked_by=make.user())


def test_moving_numbers_the_list_anew():
    CrisisLine.objects.update(position=0)
    names = list(CrisisLine.objects.values_list("pk", flat=True))
    second = CrisisLine.objects.get(pk=names[1])
    actions.move_crisis_line(line=second, up=True, by=BY, now=timezone.now())
    actions.move_crisis_line(line=second, up=True, by=BY, now=timezone.now())
    assert list(CrisisLine.objects.values_list("pk", flat=True)) == [names[1], names[0], *names[2:]]
    assert list(CrisisLine.objects.values_list("position", flat=True)) == list(range(len(names)))


def test_a_changed_number_is_to_be_checked_and_a_changed_name_is_not():
    line = CrisisLine.objects.first()
    before = line.checked_on
    actions.update_crisis_line(line=line, values={"name": "Life"}, by=BY, now=timezone.now())
    line.refresh_from_db()
    assert (line.name, line.checked_on) == ("Life", before)
    actions.update_crisis_line(line=line, values={"number": "13 11 15"}, by=BY, now=timezone.now())
    line.refresh_from_db()
    assert (line.number, line.checked_on) == ("13 11 15", None)
    assert line.name in {one.name for one in crisis.unchecked(today=timezone.localdate())}
    assert Entry.objects.filter(verb="crisis_line.changed").last().facts == {"fields": ["number"]}
