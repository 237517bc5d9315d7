"""The style sheets and templates keep their own rules: one palette, no inline style, icons that exist."""

from __future__ import annotations

import gzip
import re
import zipfile
from datetime import datetime
from pathlib import Path

import django_tables2 as tables
import lucide
import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from portal.accounts.models import User
from portal.common.access.actors import Actor
from portal.common.templatetags import portal as tags
from portal.common.web import stylesheet
from portal.ops import calendar_steps, heading_font

ROOT = Path(__file__).resolve().parents[3]
SHEETS = ROOT / "static" / "css"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OUTSIDE_THE_BROWSER = {"notifications", "pdf"}
PAGES = [path for path in TEMPLATES if path.relative_to(ROOT / "templates").parts[0] not in OUTSIDE_THE_BROWSER]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- Style sheets


def test_the_two_dark_lists_are_the_same():
    tokens = (SHEETS / "tokens.css").read_text()
    lists = [re.findall(r"(--[\w-]+):\s*([^;]+);", block) for block in re.split(r"color-scheme: dark;", tokens)[1:]]
    assert len(lists) == 2
    assert lists[0] == lists[1]
    assert len(lists[0]) > 25


def test_dark_has_a_value_for_every_colour_of_light():
    tokens = (SHEETS / "tokens.css").read_text()
    light, dark = tokens.split("color-scheme: dark;")[:2]
    colour = re.compile(r"(--[\w-]+):\s*(?:#|rgb)")
    assert set(colour.findall(light)) <= set(colour.findall(dark))


def test_the_linked_sheet_has_every_file_and_no_import():
    built = Path(finders.find(stylesheet.SHEET)).read_text()
    imported = re.findall(r'@import "([\w-]+\.css)"', (SHEETS / "index.css").read_text())
    apart = {
        "index.css",
        "calendar-steps.css",
        "gallery.css",
        "hours.css",
        "messages.css",
        "profile.css",
        "schedule.css",
        "video.css",
    }
    assert set(imported) == {path.name for path in SHEETS.glob("*.css")} - apart
    assert "@import" not in built
    assert "/*" not in built
    for file in imported:
        layers = re.findall(r"@layer (\w+) \{", (SHEETS / file).read_text())
        assert layers, file
    assert built.index("--paper: #fbf8f3") < built.index(".btn {") < built.index("@page")


def test_all_sheets_weigh_less_than_25_kb():
    built = Path(finders.find(stylesheet.SHEET)).read_bytes()
    rest = (SHEETS / "calendar-steps.css").read_bytes() + (SHEETS / "gallery.css").read_bytes()
    assert len(gzip.compress(built, 6)) + len(gzip.compress(rest, 6)) < 25 * 1024


def test_sheets_use_logical_properties():
    physical = re.compile(
        r"(?<![\w-])(?:margin|padding|border)-(?:left|right|top|bottom)\b|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
    )
    found = {f"{path.name}: {hit}" for path in SHEETS.glob("*.css") for hit in physical.findall(path.read_text())}
    assert found == set()


def test_sheets_name_only_tokens_that_exist():
    known = set(re.findall(r"(--[\w-]+):", "".join(path.read_text() for path in SHEETS.glob("*.css"))))
    used = {
        (path.name, token)
        for path in SHEETS.glob("*.css")
        # A token with a fallback is a knob that a modifier class may turn.
        for token in re.findall(r"var\((--[\w-]+)\)", path.read_text())
    }
    assert {(file, token) for file, token in used if token not in known} == set()


def test_calendar_steps_are_as_the_script_makes_them():
    assert calendar_steps.TARGET.read_text() == calendar_steps.sheet()


def test_heading_face_is_small_and_knows_vietnamese():
    from fontTools.ttLib import TTFont

    assert heading_font.TARGET.stat().st_size <= heading_font.LIMIT
    with TTFont(heading_font.TARGET) as font:
        letters = font.getBestCmap()
    assert [c for c in "Nguyễn Thị Ánh, Łukasz Ďurďa – “Zoë”" if ord(c) not in letters] == []


# ---- Templates


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_template_has_no_inline_style_or_script(path):
    text = path.read_text()
    assert re.findall(r"<[^>]*\sstyle=", text) == []
    assert "<style" not in text
    assert re.findall(r"\son\w+=[\"']", text) == []
    assert [s for s in re.findall(r"<script\b[^>]*>", text) if "src=" not in s and "application/json" not in s] == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates/components").glob("*.html")), ids=name)
def test_component_says_on_top_what_it_takes(path):
    head = "\n".join(path.read_text().splitlines()[:4])
    assert "{% comment %}" in head


def test_every_icon_exists():
    with zipfile.ZipFile(Path(lucide.__file__).parent / "lucide.zip") as icons:
        known = {file.removesuffix(".svg") for file in icons.namelist()}
    named = {
        (name(path), icon)
        for path in TEMPLATES
        for icon in re.findall(r'(?:\{% icon|\{% lucide|icon=|icon_name=) ?"([\w-]+)"', path.read_text())
    }
    assert len(named) > 30
    assert {(file, icon) for file, icon in named if icon not in known} == set()


# ---- Tags


@pytest.mark.parametrize(
    ("person", "letters"),
    [
        ("Mai Nguyễn", "MN"),
        ("Ana Maria de Souza", "AS"),
        ("王小明", "王"),
        ("", "?"),
        ("  ", "?"),
        ("'' 12", "?"),
        ("zoë", "Z"),
    ],
)
def test_initials(person, letters):
    assert tags.initials(person) == letters


def test_nav_link_to_an_address_that_is_not_there_draws_nothing():
    page = Template('{% nav_link "nowhere:at_all" icon="sun" label="Today" %}').render(Context({}))
    assert page.strip() == ""


@pytest.mark.parametrize(("path", "current"), [("/accounts/login/", ' aria-current="page"'), ("/accounts/signup/", "")])
def test_nav_link_marks_where_one_is(path, current):
    page = Template('{% nav_link "account_login" icon="log-in" label="Sign in" %}')
    drawn = page.render(Context({"request": RequestFactory().get(path)}))
    assert f'<a href="/accounts/login/"{current}>' in drawn


# ---- Forms


class _Form(forms.Form):
    fee = forms.DecimalField(label="Fee", help_text="In dollars.")
    how = forms.ChoiceField(label="How", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="Agreed")
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(label="Note", required=False)


def test_field_ties_label_help_and_error_to_the_control():
    drawn = str(_Form({"fee": "much"}))
    control = re.search(r'<input[^>]*name="fee"[^>]*>', drawn)[0]
    assert 'aria-invalid="true"' in control
    described = re.search(r'aria-describedby="([^"]+)"', control)[1].split()
    assert described == ["id_fee_helptext", "id_fee_error"]
    assert all(drawn.count(f'id="{target}"') == 1 for target in described)
    assert '<label for="id_fee">' in drawn


def test_error_summary_links_to_controls_that_are_there():
    drawn = str(_Form({"fee": "much"}))
    targets = re.findall(r'<a href="#([^"]+)">', drawn)
    assert targets == ["id_fee", "id_how_0", "id_agreed"]
    assert all(f'id="{target}"' in drawn for target in targets)


def test_form_keeps_what_was_typed():
    assert 'value="much"' in str(_Form({"fee": "much"}))


def test_only_fields_that_may_stay_empty_say_so():
    drawn = str(_Form())
    assert drawn.count("(optional)") == 1
    assert drawn.index("Note") < drawn.index("(optional)")


@pytest.mark.parametrize(
    ("role", "marked", "says_optional"),
    [("reception", {"Fee", "How", "Agreed"}, False), ("patient", set(), True), (None, set(), True)],
)
def test_staff_see_what_must_be_filled_in_and_others_what_may_stay_empty(role, marked, says_optional):
    request = RequestFactory().get("/")
    request.actor = Actor(user=User(), role=role) if role else None
    drawn = Template(
        '{% include "portal_forms/errors.html" %}'
        '{% for field in form %}{% include "portal_forms/field.html" %}{% endfor %}'
    ).render(Context({"form": _Form(), "request": request}))
    assert {label for label in ("Fee", "How", "Agreed", "Note") if f'{label} <span class="required"' in drawn} == marked
    assert ("(optional)" in drawn) is says_optional
    assert ("marks what must be filled in" in drawn) is bool(marked)
    # What is read out comes from the control itself.
    assert "required" in re.search(r"<input[^>]*name=\"fee\"[^>]*>", drawn)[0]


def test_crispy_and_django_draw_the_same_field():
    form = _Form({"fee": "much"})
    by_crispy = Template("{% load crispy_forms_tags %}{{ form.fee|as_crispy_field }}").render(Context({"form": form}))
    by_django = form["fee"].as_field_group()
    assert by_crispy.split() == by_django.split()


def test_prefix_and_suffix_are_joined_to_the_control():
    drawn = render_to_string("portal_forms/field.html", {"field": _Form()["fee"], "prefix": "$", "suffix": "a session"})
    assert re.sub(r"\s+", " ", re.search(r'<div class="joined">.*?</div>', drawn, re.DOTALL)[0]).startswith(
        '<div class="joined"><span class="addon" aria-hidden="true">$</span><input'
    )


# ---- Pages of last resort


@pytest.mark.parametrize("template", ["400.html", "500.html"])
def test_last_resort_needs_no_request_and_no_database(template):
    """No database mark: a query would fail this test."""
    page = render_to_string(template)
    assert "13 11 14" in page
    assert 'href="https://www.bom.gov.au/"' in page


def test_hold_says_the_time_without_script():
    until = datetime.fromisoformat("2026-11-24T11:15:00+11:00")
    page = render_to_string(
        "components/_hold.html",
        {"until": until, "zone": "Australia/Melbourne", "seconds_left": 583, "again_url": "/book/"},
    )
    assert "<strong>11:15 am (Melbourne time)</strong>" in page
    assert 'data-seconds-left="583"' in page


# ---- Tables


class _Table(tables.Table):
    """Its rows are another test's matter (test_tables.py)."""

    name = tables.Column(verbose_name="Who & what")
    total = tables.Column()
    state = tables.Column()
    note = tables.Column(verbose_name="", orderable=False)


def _table(rows, **more):
    table = _Table([{"name": name, "total": 1, "state": state, "note": None} for name, state in rows], **more)
    request = RequestFactory().get("/list/?q=a")
    tables.RequestConfig(request, paginate={"per_page": 2}).configure(table)
    return Template("{% include table.template_name %}").render(Context({"table": table, "request": request}))


def test_table_pages_are_links_that_keep_the_filter():
    drawn = _table([(str(n), "due") for n in range(7)])
    links = re.findall(r'<a href="([^"]*page=\d+)"', drawn.split('class="pages"')[1])
    assert links == ["?q=a&amp;page=2", "?q=a&amp;page=3", "?q=a&amp;page=4", "?q=a&amp;page=2"]
    assert "1 to 2 of 7" in drawn


def test_empty_table_draws_the_empty_state():
    drawn = _table([], empty_text="They appear when a session is checked out.")
    assert "<table" not in drawn
    assert "They appear when a session is checked out." in drawn
