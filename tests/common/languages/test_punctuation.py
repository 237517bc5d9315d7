"""Commas and colons between parts of a line are those of the language, and no template writes them by hand."""

import re
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.template import engines
from django.utils import translation

from portal.common.languages.punctuation import apart, listed
from portal.ops.gather_messages import STAFF_ONLY

# Templates that readers and patients see; what only the desk shows is English.
SEEN = ("public", "patient", "account", "components", "notifications", "mfa", "usersessions", "layouts")


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en-au", "Where: Carlton, Box Hill, $220"),
        ("zh-hans", "Where：Carlton、Box Hill，$220"),
        ("vi", "Where: Carlton, Box Hill, $220"),
        ("ar", "Where: \u2068Carlton\u2069، \u2068Box Hill\u2069، $220"),
    ],
)
def test_parts_are_joined_as_the_language_joins_them(language, written):
    line = engines["django"].from_string('Where{% colon %}{{ places|listed:"name" }}{% comma %}$220')
    places = [SimpleNamespace(name="Carlton"), SimpleNamespace(name="Box Hill")]
    with translation.override(language):
        assert line.render({"places": places}) == written


def test_a_colon_ends_a_line_without_a_space():
    assert engines["django"].from_string("Sign in{% colon last=True %}").render() == "Sign in:"


def test_a_list_is_escaped_as_text_is():
    line = engines["django"].from_string("{{ names|listed }}")
    assert line.render({"names": ["<b>", "&"]}) == "&lt;b&gt;, &amp;"


def test_names_in_another_direction_are_held_apart():
    assert listed(["Mai", "ليلى"]) == "Mai, \u2068ليلى\u2069"
    assert [apart(""), apart(None), apart("Mai")] == ["", "", "Mai"]
    with translation.override("ar"):
        assert [apart(""), apart(None), apart("Mai")] == ["", "", "\u2068Mai\u2069"]


# An address of Australia keeps its own commas, within an element that holds it apart.
_MAY = re.compile(
    r"\{% blocktranslate.*?endblocktranslate %\}|\{% comment.*?endcomment %\}|\{#.*?#\}|<bdi.*?</bdi>"
    r"|<style.*?</style>",
    re.DOTALL,
)
_JOINED = re.compile(r"(?:\}\}|%\})\s*(?:</\w+>|<span[^>]*>)*[,:;] ?\s*(?:\{|<)|join:\"[,;]")


def by_hand(source: str) -> list[str]:
    return [found.group() for found in _JOINED.finditer(_MAY.sub("", source))]


@pytest.mark.parametrize(
    ("source", "joins"),
    [
        ("{{ day }}, {{ time }}", 1),
        ("{% if time %}, {{ time }}{% endif %}", 1),
        ('{% translate "When" %}: {{ at }}', 1),
        ('{{ names|join:", " }}', 1),
        ("<b>{{ a }}</b>, {{ b }}", 1),
        ("{{ day }}{% comma %}{{ time }}", 0),
        ("<bdi>{{ street }}, {{ suburb }}</bdi>", 0),
        ("{% blocktranslate %}{{ day }}, {{ time }}{% endblocktranslate %}", 0),
    ],
)
def test_what_is_joined_by_hand_is_found(source, joins):
    assert len(by_hand(source)) == joins


def test_no_template_joins_by_hand():
    root = settings.BASE_DIR / "templates"
    paths = [
        path for folder in SEEN for path in sorted((root / folder).rglob("*.*")) if path.suffix in {".html", ".txt"}
    ]
    assert len(paths) > 100
    assert {path.relative_to(root).as_posix(): found for path in paths if (found := by_hand(path.read_text()))} == {}


# A sentence ends, and the next one begins on the same line; or a label's colon, and what it names.
_SPACED = re.compile(
    r"(?:translate \"[^\"]*[.:?!]\" %\}|[.:?!]\{% endblocktranslate %\})(?:</\w+>)?(?:\{% (?:end)?if(?:(?!%\}).)*%\})*"
    r" (?:\{% (?:end)?if(?:(?!%\}).)*%\})*\{% (?:translate|blocktranslate|include)"
)


def spaced_by_hand(source: str) -> list[str]:
    return [found.group() for found in _SPACED.finditer(source)]


@pytest.mark.parametrize(
    ("source", "spaces"),
    [
        ('{% translate "One." %} {% translate "Two." %}', 1),
        ('{% translate "One." %}{% if a %} {% translate "Two." %}{% endif %}', 1),
        ('{% blocktranslate %}One {{ a }}.{% endblocktranslate %}{% endif %} {% if b %}{% translate "Two." %}', 1),
        ('<b>{% translate "If so:" %}</b> {% include "a.html" %}', 1),
        ('{% translate "One." %}{% space %}{% translate "Two." %}', 0),
        ('{% translate "Label" %} {% translate "Two." %}', 0),
    ],
)
def test_a_space_between_sentences_by_hand_is_found(source, spaces):
    assert len(spaced_by_hand(source)) == spaces


def test_sentences_stand_apart_as_their_language_has_it():
    root = settings.BASE_DIR / "templates"
    paths = [
        path for folder in SEEN for path in sorted((root / folder).rglob("*.*")) if path.suffix in {".html", ".txt"}
    ]
    found = {path.relative_to(root).as_posix(): spaced_by_hand(path.read_text()) for path in paths}
    # What only staff read is in English.
    found = {path: spaces for path, spaces in found.items() if not f"templates/{path}".startswith(STAFF_ONLY)}
    assert {path: spaces for path, spaces in found.items() if spaces} == {}
    line = engines["django"].from_string("One.{% space %}Two.")
    assert line.render() == "One. Two."
    with translation.override("zh-hans"):
        assert line.render() == "One.Two."
