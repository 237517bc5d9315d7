import threading
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import models
from django.template import autoreload, engines
from django.utils.functional import lazystr
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy, override

from portal.common.web.stencils import MisusedHole, Stencil, joined


class Kind(models.TextChoices):
    HELD = "held", "Held"


class Heading:
    def __html__(self):
        return "<h1>Title</h1>"


class Spoken:
    def __str__(self):
        return "<said>"


@pytest.fixture
def write(tmp_path, settings):
    """Writes a template, and returns its name."""
    first, *others = settings.TEMPLATES
    settings.TEMPLATES = [{**first, "DIRS": [tmp_path, *first["DIRS"]]}, *others]

    def write(text, name="stencil.html"):
        (tmp_path / name).write_text(text)
        return name

    return write


# ---- As a template writes it -----------------------------------------------------------------------------------------

WORDS = [
    "Ann",
    "",
    "<script>alert('x')</script>",
    'a "quoted" & <b>bold</b> 100% word',
    "%s %d %(name)s {{ hole }} {% if %}",
    mark_safe("<b>kept</b> &amp; 50%"),
    format_html("<i>{}</i>", "<escaped>"),
    gettext_lazy("Monday"),
    lazystr("<lazy>"),
    lazystr(mark_safe("<b>lazy</b>")),
    Kind.HELD,
    Heading(),
    Spoken(),
    7,
    -1,
    1234567,
    True,
    None,
    UUID(int=5),
    "Nguyễn Thị",
]


@pytest.mark.parametrize("language", ["en-au", "zh-hans", "vi", "ar"])
@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_a_word_is_written_as_a_template_writes_it(write, word, language):
    text = '<p title="{{ word }}">{{ word }}</p>'
    with override(language):
        expected = engines["django"].from_string(text).render({"word": word})
        assert Stencil(write(text), holes="word").look()([word]) == expected


def test_a_row_is_safe_and_can_be_put_into_another(write):
    inner = Stencil(write("<li>{{ name }}</li>", "inner.html"), holes="name").look()
    outer = Stencil(write("<ul>{{ rows }}</ul>", "outer.html"), holes="rows").look()
    rows = joined(inner([name]) for name in ("Ann & Bo", "Cy"))
    assert type(rows) is SafeString
    assert outer([rows]) == "<ul><li>Ann &amp; Bo</li><li>Cy</li></ul>"


@pytest.mark.parametrize(
    "value",
    [Decimal("1.50"), 1.5, date(2026, 11, 24), datetime(2026, 11, 24, tzinfo=UTC), time(9)],
    ids=lambda value: type(value).__name__,
)
def test_what_each_language_writes_differently_is_refused(write, value):
    fill = Stencil(write("{{ value }}"), holes="value").look()
    with pytest.raises(TypeError, match="put it into words first"):
        fill([value])


def test_holes_are_filled_by_their_names_as_often_as_they_are_printed(write):
    fill = Stencil(write("{{ b }}{{ a }}-{{ b }}"), holes="a b").look()
    assert fill(("one", "two")) == "twoone-two"


def test_signs_of_the_template_itself_stay(write):
    fill = Stencil(write('<i class="w-50%">%s %(a)s {{ a }}</i>'), holes="a").look()
    assert fill(["x"]) == '<i class="w-50%">%s %(a)s x</i>'


@pytest.mark.parametrize("words", [(), ("one",), ("one", "two", "three")])
def test_each_hole_gets_a_word(write, words):
    fill = Stencil(write("{{ a }}"), holes="a b").look()
    with pytest.raises(ValueError, match="has 2 holes"):
        fill(words)


# ---- Looks -----------------------------------------------------------------------------------------------------------


def test_a_look_decides_between_branches(write):
    stencil = Stencil(write("{% if url %}<a href='{{ url }}'>{% endif %}{{ kind }} {{ name }}"), holes="name")
    assert stencil.look(url="/a?b=1&c=2", kind=Kind.HELD)(["Ann"]) == "<a href='/a?b=1&amp;c=2'>held Ann"
    assert stencil.look(url="", kind="booked")(["Bo"]) == "booked Bo"


def test_a_hole_may_be_left_out_of_a_look(write):
    stencil = Stencil(write("{% if shown %}{{ name }}{% endif %}."), holes="name")
    assert [stencil.look(shown=shown)(["Ann"]) for shown in (True, False)] == ["Ann.", "."]


def test_a_look_is_drawn_once_and_speaks_the_language_in_use(write):
    stencil = Stencil(write('{% translate "Monday" %} {{ kind }} {{ name }}'), holes="name")

    def drawn():
        return stencil.look(kind=gettext_lazy("Friday"))

    with override("vi"):
        vietnamese, again = drawn(), drawn()
    assert vietnamese is again
    with override("en-au"):
        english = drawn()
        assert english(["Ann"]) == "Monday Friday Ann"
        # Whoever fills it: it was drawn in its own language.
        assert vietnamese(["Ann"]) == "Thứ Hai Thứ Sáu Ann"


def test_a_hole_may_stand_in_a_sentence_that_is_translated(write):
    text = "{% blocktranslate with who=name %}Somebody else booked {{ who }} before you.{% endblocktranslate %}"
    fill = Stencil(write(text), holes="name").look()
    assert fill(["<it>"]) == "Somebody else booked &lt;it&gt; before you."


def test_a_name_is_a_hole_or_a_look_not_both(write):
    with pytest.raises(ValueError, match="both a hole and a look"):
        Stencil(write("{{ name }}"), holes="name").look(name="Ann")


def test_templates_are_read_anew_while_somebody_works_on_them(write, settings):
    stencil = Stencil(write("old {{ name }}"), holes="name")
    settings.DEBUG = True
    assert stencil.look()(["Ann"]) == "old Ann"
    write("new {{ name }}")
    autoreload.reset_loaders()
    assert stencil.look()(["Ann"]) == "new Ann"


def test_threads_that_draw_at_once_get_the_same_row(write):
    stencil = Stencil(write("{% if kind %}{{ kind }}: {% endif %}{{ name }}"), holes="name")
    together, found = threading.Barrier(8), []

    def draw(n):
        together.wait(timeout=10)
        found.extend(stencil.look(kind=f"kind {kind}")([n]) for kind in range(50))

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"kind {kind}: {n}" for kind in range(50) for n in range(8))


# ---- A hole can only be printed --------------------------------------------------------------------------------------

MISUSES = {
    "asked": "{{ name }}{% if name %}x{% endif %}",
    "asked and not printed": "{% if name %}x{% endif %}",
    "compared": '{{ name }}{% if name == "Ann" %}x{% endif %}',
    "compared the other way round": '{{ name }}{% if "Ann" == name %}x{% endif %}',
    "looked for in a text": '{{ name }}{% if name in "Ann and Bo" %}x{% endif %}',
    "looked into": '{{ name }}{% if "A" in name %}x{% endif %}',
    "negated": "{{ name }}{% if not name %}x{% endif %}",
    "upper": "{{ name|upper }}",
    "default": '{{ name|default:"nobody" }}',
    "safe": "{{ name|safe }}",
    "force_escape": "{{ name|force_escape }}",
    "linebreaksbr": "{{ name|linebreaksbr }}",
    "length": "{{ name|length }}",
    "add": '{{ "Dr "|add:name }}',
    "date": '{{ name|date:"Y" }}',
    "json_script": '{{ name|json_script:"data" }}',
    "ltr": "{{ name|ltr }}",
    "an argument of a filter": '{{ ""|default:name|upper }}',
    "looped over": "{{ name }}{% for letter in name %}{{ letter }}{% endfor %}",
    "an attribute": "{{ name }}{{ name.first }}",
    "an item": "{{ name }}{{ name.0 }}",
    "given to a tag": "{% icon name %}",
    "a tag's address": '{% url "reception:appointment" name as address %}{{ address }}',
    "drawn by another template": '{{ name }}{% drawn "components/_shape.html" shape=name %}',
    "a template of that name": "{{ name }}{% include name %}",
    "not escaped": "{% autoescape off %}{{ name }}{% endautoescape %}",
    "named otherwise and asked": "{% with other=name %}{{ other }}{% if other %}x{% endif %}{% endwith %}",
    "named otherwise and filtered": '{% with other=name %}{{ other }}{{ other|json_script:"a" }}{% endwith %}',
    "the first that is there": "{% firstof name %}",
    "counted": "{% blocktranslate count n=name %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}",
    "changed": "{{ name }}{% ifchanged name %}x{% endifchanged %}",
}


@pytest.mark.parametrize("text", MISUSES.values(), ids=MISUSES.keys())
def test_a_hole_that_is_not_just_printed_is_an_error_at_the_first_drawing(write, text):
    stencil = Stencil(write(text), holes="name")
    for _attempt in range(2):
        with pytest.raises(MisusedHole):
            stencil.look()


def test_what_is_left_out_of_a_look_is_found_when_that_look_is_drawn(write):
    stencil = Stencil(write("{{ name }}{% if loud %}{{ name|upper }}{% endif %}"), holes="name")
    assert stencil.look(loud=False)(["Ann"]) == "Ann"
    with pytest.raises(MisusedHole, match=r"stencil\.html may print its hole name, and do nothing else with it"):
        stencil.look(loud=True)


@pytest.mark.parametrize(
    "text",
    [
        "{% with other=name %}{{ other }}{{ other }}{% endwith %}",
        '{% include "included.html" with shown=name %}',
        '{% include "included.html" with shown=name only %}',
        "{% spaceless %}<b>{{ name }}</b> <b>{{ name }}</b>{% endspaceless %}",
        "{% for n in rows %}{{ n }}{{ name }}{% endfor %}",
    ],
)
def test_a_hole_may_be_printed_anywhere(write, text):
    write("<b>{{ shown }}</b>", "included.html")
    rows = ("a", "b")
    expected = engines["django"].from_string(text).render({"name": "<Ann>", "rows": rows})
    assert Stencil(write(text), holes="name").look(rows=rows)(["<Ann>"]) == expected


def test_kinds_that_are_equal_are_different_looks(write):
    """`1 == True == 1.0`: a template writes each of them differently."""
    count = Stencil(write("{{ count }} {{ name }}"), holes="name")
    assert [count.look(count=value)(["x"]) for value in (1, True, 1.0, 0, False)] == [
        "1 x",
        "True x",
        "1.0 x",
        "0 x",
        "False x",
    ]


def test_rows_of_kinds_that_are_equal_are_different_looks(write):
    count = Stencil(write("{{ count }} {{ name }};"), holes="name")
    assert count.rows([({"count": 1}, ["x"]), ({"count": True}, ["x"])]) == "1 x;True x;"
