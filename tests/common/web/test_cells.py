import re

import django_tables2 as tables
import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import SafeString

from portal.common.templatetags import portal
from portal.common.templatetags.portal import drawn
from portal.common.web.cells import TemplateColumn, _read


class People(tables.Table):
    name = TemplateColumn("{{ record.name }} of {{ place }}{{ place|yesno:'!,?' }}")
    state = TemplateColumn(template_name="components/_invoice_status.html", extra_context={"status": "paid"})


@pytest.fixture(autouse=True)
def _nothing_read():
    _read.cache_clear()
    portal._drawn.cache_clear()


def test_template_column_draws_in_the_pages_own_context_and_escapes(rf):
    table = People([{"name": "<b>Mai</b>"}, {"name": "Tom"}])
    page = Template("{% load django_tables2 %}{% render_table table 'tables/table.html' %}")
    drawn_table = page.render(Context({"table": table, "request": rf.get("/"), "place": "Brunswick"}))
    assert "&lt;b&gt;Mai&lt;/b&gt; of Brunswick!" in drawn_table
    assert "Tom of Brunswick!" in drawn_table
    assert drawn_table.count('<span class="badge gum">') == 2


def test_template_column_reads_its_template_once():
    table = People([{"name": "Mai"}, {"name": "Tom"}, {"name": "Linh"}])
    table.context = Context()
    assert [row.get_cell("name") for row in table.rows] == ["Mai of ?", "Tom of ?", "Linh of ?"]
    assert (_read.cache_info().misses, _read.cache_info().hits) == (1, 2)


def test_template_column_leaves_the_context_as_it_was():
    table = People([{"name": "Mai"}])
    table.context = Context({"value": "the page's"})
    table.rows[0].get_cell("name")
    assert (table.context["value"], table.context.get("record")) == ("the page's", None)


def test_drawn_draws_each_look_once_for_each_language():
    badge = "components/_status.html"
    booked = drawn(badge, status="booked", confirmed=None, mode="video")
    assert isinstance(booked, SafeString)
    assert "Booked" in booked
    assert "Video" in booked
    # Whenever it was confirmed, it looks the same.
    confirmed = drawn(badge, status="booked", confirmed="2026-11-22", mode="in_person")
    assert "Confirmed" in confirmed
    before = portal._drawn.cache_info().misses
    assert drawn(badge, status="booked", confirmed=None, mode="video") == booked
    assert portal._drawn.cache_info().misses == before
    with translation.override("vi"):
        drawn(badge, status="booked", confirmed=None, mode="video")
    assert portal._drawn.cache_info().misses == before + 1


def test_drawn_escapes_what_it_is_given():
    assert "&lt;script&gt;" in drawn("components/_badge.html", label="<script>", tone="gum")


@pytest.mark.parametrize(
    ("confirmed", "word"), [(0, "Booked"), (None, "Booked"), (1, "Confirmed"), (True, "Confirmed")]
)
def test_drawn_takes_what_is_not_text_as_yes_or_no(confirmed, word):
    assert word in drawn("components/_status.html", status="booked", confirmed=confirmed)


def test_select_is_drawn_as_django_draws_it():
    choices = [("", "All"), ("a&b", "<Mai>"), ("Rooms", [("1", "Fern"), (2, "River")])]
    for widget, chosen in (
        (forms.Select(attrs={"id": "who", "required": True, "disabled": False}, choices=choices), "a&b"),
        (forms.SelectMultiple(choices=choices), ["1", "2"]),
        (forms.NullBooleanSelect(), None),
    ):
        ours = widget.render("who", chosen, renderer=TemplatesSetting())
        assert re.sub(r">\s+<", "><", ours) == re.sub(
            r">\s+<", "><", widget.render("who", chosen, renderer=DjangoTemplates())
        )
