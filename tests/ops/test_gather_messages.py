"""The catalogues: none of a reader's or a patient's words is missing, and what stands in a sentence stands in each."""

import ast

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.utils import translation

from portal.ops import gather_messages


@pytest.fixture(scope="module")
def gathered():
    return gather_messages.gather()


def test_words_are_gathered_from_pages_code_and_mails(gathered):
    places = {name for message in gathered for name, _line in message.locations}
    assert {
        "templates/public/home.html",
        "templates/account/login.html",
        "templates/patient/home.html",
        "templates/notifications/appointment_booked/body.txt",
        "portal/appointments/ics.py",
        "portal/clinic/models/services.py",
    } <= places


def test_the_staffs_rooms_are_not_gathered(gathered):
    places = {name for message in gathered for name, _line in message.locations}
    assert {name for name in places if name.startswith(("templates/reception/", "portal/web/manager/"))} == set()


def test_plurals_and_contexts_are_gathered_whole(gathered):
    assert ("%(count)s service", "%(count)s services") in {m.id for m in gathered} or any(
        isinstance(m.id, tuple) for m in gathered
    )
    assert gathered.get("%(day)s, %(time)s", "day, time")


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_no_word_is_missing(language, gathered):
    assert [
        (fault.message, fault.places) for fault in gather_messages.missing(gather_messages.read(language), gathered)
    ] == []


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_placeholders_and_tags_match(language):
    assert [
        (fault.message, fault.problem) for fault in gather_messages.mismatched(gather_messages.read(language))
    ] == []


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_no_word_is_left_over(language, gathered):
    left = [
        message.id
        for message in gather_messages.read(language)
        if message.id and not gathered.get(message.id, message.context)
    ]
    assert left == []


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_words_are_not_simply_the_english_ones(language, gathered):
    """A few are: names and abbreviations. Most of a catalogue that was copied would be."""
    catalogue = gather_messages.read(language)
    same = [m.id for m in catalogue if m.id and isinstance(m.id, str) and m.string == m.id and len(m.id.split()) > 3]
    assert same == []


@pytest.mark.parametrize(
    ("language", "said"), [("zh-hans", "语言"), ("vi", "Ngôn ngữ"), ("ar", "اللغة"), ("en-au", "Language")]
)
def test_django_speaks_them(language, said):
    with translation.override(language):
        assert translation.gettext("Language") == said


def test_the_languages_are_those_of_the_settings():
    assert (
        gather_messages.other_languages() == [code for code, _name in settings.LANGUAGES[1:]] == ["zh-hans", "vi", "ar"]
    )


@pytest.mark.parametrize(
    ("message", "string", "problem"),
    [
        ("Hello %(name)s", "Chào %(name)s", ""),
        ("Hello %(name)s", "Chào", "placeholders [] instead of ['name']"),
        ("Hello %(name)s", "Chào %(nmae)s", "placeholders ['nmae'] instead of ['name']"),
        ("%(percent)s%% of it", "%(percent)s%% của nó", ""),
        ("%(percent)s%% of it", "%(percent)s% của nó", "a percent sign that is not doubled"),
        ('Call <a href="tel:000">000</a>', 'Gọi <a href="tel:000">000</a>', ""),
        ('Call <a href="tel:000">000</a>', 'Gọi <a href="tel:111">000</a>', "other tags"),
        ("Call <b>us</b>", "Gọi <b>chúng tôi", "other tags"),
        ("\nA line", "Một dòng", "other line breaks around it"),
        (("%(n)s day", "%(n)s days"), ("%(n)s ngày",), ""),
        (("one day", "%(n)s days"), ("%(n)s ngày",), ""),
        (("%(n)s day of %(name)s", "%(n)s days of %(name)s"), ("ngày",), "placeholders ['n', 'name'] are lost"),
    ],
)
def test_a_translation_that_lost_something_is_found(message, string, problem):
    catalogue = Catalog(locale="vi")
    catalogue.add(message, string)
    said = string if isinstance(string, str) else string[0]
    assert [fault.problem for fault in gather_messages.mismatched(catalogue)] == (
        [f"{problem}: {said}"] if problem else []
    )


def test_an_empty_or_unsure_translation_is_missing():
    gathered, catalogue = Catalog(), Catalog(locale="ar")
    for message in ("a", "b", ("c", "cs"), ("d", "ds"), "e"):
        gathered.add(message)
    catalogue.add("a", "ا")
    catalogue.add("b", "ب", flags=["fuzzy"])
    catalogue.add(("c", "cs"), ("ت",) * 6)
    catalogue.add(("d", "ds"), ("ث", "ث"))
    assert [fault.message for fault in gather_messages.missing(catalogue, gathered)] == ["b", "d", "e"]


def test_updating_keeps_what_is_translated_and_drops_what_is_gone(tmp_path, settings):
    settings.LOCALE_PATHS = [tmp_path]
    gathered = Catalog()
    gathered.add("Find a time", locations=[("templates/a.html", 0)])
    gathered.add(("%(n)s day", "%(n)s days"), locations=[("templates/a.html", 0)])
    gather_messages.update("ar", gathered)
    path = gather_messages.path_of("ar")
    path.write_text(
        path.read_text().replace('msgid "Find a time"\nmsgstr ""', 'msgid "Find a time"\nmsgstr "ابحث عن موعد"')
    )
    gathered.add("New here", locations=[("templates/b.html", 0)])
    assert gather_messages.update("ar", gathered) == (3, 2)
    again = path.read_text()
    gather_messages.update("ar", gathered)
    assert path.read_text() == again
    kept = gather_messages.read("ar")
    assert kept.get("Find a time").string == "ابحث عن موعد"
    assert kept.num_plurals == 6
    gathered.delete("Find a time")
    gather_messages.update("ar", gathered)
    assert gather_messages.read("ar").get("Find a time") is None


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("kind of information", "What"),
        ("day of an invoice", "Issued"),
        ("country", "Where"),
        ("of a person", "Details"),
        ("agreed", "for %(name)s"),
    ],
)
def test_one_english_word_with_two_meanings_has_two_words_in_chinese(context, message):
    """Each of these stands without a context, or with another, elsewhere."""
    chinese = gather_messages.read("zh-hans")
    others = [m.string for m in chinese if m.id == message and m.context != context]
    assert others
    assert chinese.get(message, context).string not in others


def test_no_word_hides_from_the_gathering_behind_a_name_of_its_own():
    """A sentence in `_lazy("…")` is found in no catalogue: Django's own names and `_` are what is looked for."""
    hidden = [
        f"{path.relative_to(settings.BASE_DIR)}: {name.name} as {name.asname}"
        for path in sorted((settings.BASE_DIR / "portal").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.asname not in (None, "_") and "gettext" in name.name
    ]
    assert hidden == []
