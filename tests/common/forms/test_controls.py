"""Controls and fields are drawn twice: by the portal, and by the templates that it does without."""

import re
from datetime import date, time
from pathlib import Path

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import Context, Template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from portal.common.forms.controls import DRAWN
from portal.common.forms.fields import DateField, LineField, MoneyField, TextField, TimeField
from portal.common.forms.renderer import PortalRenderer

PLAIN = Template((Path(__file__).parent / "plain/field.html").read_text())
FILLED = Template('{% include "portal_forms/field.html" %}')
CHOICES = [
    ("", "All"),
    ("a&b", "<Mai>"),
    ("Rooms", [("1", "Fern"), (2, gettext_lazy("Monday"))]),
    (None, date(2026, 4, 5)),
]
ATTRS = {"id": "who", "title": 'say "<hi>"', "required": True, "disabled": False, "data-n": 3, "data-no": None}


def tight(html: str) -> str:
    """Without the white space between tags, which says nothing; Django's templates end in a line break."""
    return re.sub(r">\s+<", "><", re.sub(r"\s+>", ">", html.replace(">\n ", "> "))).strip()


@pytest.mark.parametrize(
    ("widget", "values"),
    [
        (forms.TextInput, ["<a>", "", None, mark_safe("a &amp; b"), 7]),
        (forms.NumberInput, [3, "x"]),
        (forms.EmailInput, ["mai@example.com"]),
        (forms.URLInput, ["https://example.com/?a=1&b=2"]),
        (forms.ColorInput, ["#fbf8f3"]),
        (forms.SearchInput, ['"quoted"']),
        (forms.TelInput, ["0491 570 006"]),
        (forms.PasswordInput, ["secret"]),
        (forms.HiddenInput, ["x", None]),
        (forms.FileInput, [None, "a.pdf"]),
        (forms.DateInput, [date(2026, 4, 5), None]),
        (forms.DateTimeInput, [None]),
        (forms.TimeInput, [time(9, 30), "9.30"]),
        (forms.CheckboxInput, [True, False, None, "yes", 1]),
        (forms.Textarea, ["x & y\n</textarea>", "", None, 0]),
        (forms.Select, ["a&b", "1", 2, None, ""]),
        (forms.SelectMultiple, [["1", "2"], [], None]),
        (forms.NullBooleanSelect, [None, True, "false"]),
        (forms.RadioSelect, ["1", None]),
        (forms.CheckboxSelectMultiple, [["a&b", 2], None]),
        (forms.SplitDateTimeWidget, [None]),
        (forms.MultipleHiddenInput, [["1", "<2>"]]),
    ],
)
@pytest.mark.parametrize("attrs", [{}, {"class": "a b"}, {"id": "who"}, ATTRS, {"data-a": mark_safe("a &amp; b")}])
@pytest.mark.parametrize("language", ["en-au", "ar"])
def test_control_is_drawn_as_django_draws_it(widget, values, attrs, language):
    made = widget(attrs=attrs)
    if hasattr(made, "choices") and widget is not forms.NullBooleanSelect:
        made.choices = CHOICES
    with override(language):
        for value in values:
            plain = made.render("a<b", value, renderer=DjangoTemplates())
            assert tight(made.render("a<b", value, renderer=PortalRenderer())) == tight(plain)


def test_each_control_of_djangos_is_drawn_by_the_portal():
    of_one_value = {
        one.template_name
        for one in vars(forms.widgets).values()
        if isinstance(one, type)
        and issubclass(one, (forms.widgets.Input, forms.Textarea, forms.Select))
        and one is not forms.ClearableFileInput
    }
    assert of_one_value - DRAWN.keys() == {"django/forms/widgets/multiple_hidden.html"}


def test_choice_alone_is_drawn_as_django_draws_it():
    class Form(forms.Form):
        way = forms.ChoiceField(choices=CHOICES[1:], widget=forms.RadioSelect)

    ours, plain = Form({"way": "1"}, renderer=PortalRenderer()), Form({"way": "1"}, renderer=DjangoTemplates())
    for one, other in zip(ours["way"], plain["way"], strict=True):
        assert tight(str(one)) == tight(str(other))
        assert tight(one.tag()) == tight(other.tag())


class Everything(forms.Form):
    name = LineField(label="Name <b>", max_length=20, help_text=mark_safe("As on the <b>card</b>"))
    said = TextField(label=gettext_lazy("Monday"), max_length=20, required=False)
    agreed = forms.BooleanField(label="I agree", help_text="To all of it & more", required=True)
    remind = forms.BooleanField(label="Remind me", required=False)
    way = forms.ChoiceField(label="How", choices=CHOICES[1:3], widget=forms.RadioSelect, help_text="Either")
    ways = forms.MultipleChoiceField(choices=CHOICES[1:3], widget=forms.CheckboxSelectMultiple, required=False)
    place = forms.ChoiceField(choices=CHOICES[:3], required=False)
    fee = MoneyField(help_text="")
    born = DateField()
    at = TimeField(required=False)
    code = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize(
    "data", [None, {}, {"name": "Mai", "way": "1", "agreed": "on", "fee": "<no>", "born": "31/2/2026"}]
)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"prefix": "$", "suffix": gettext_lazy("Monday"), "choices_class": "inline"},
        {"crispy_prepended_text": "<$>", "wrapper_class": "a b", "code": True},
        {"prefix": "", "suffix": mark_safe("<b>a session</b>"), "form_show_labels": False},
        {"form_show_errors": False, "choices_class": "boxed"},
    ],
)
@pytest.mark.parametrize("auto_id", ["id_%s", False])
@pytest.mark.parametrize("language", ["en-au", "vi"])
def test_field_is_filled_as_it_is_drawn(data, parameters, auto_id, language):
    form = Everything(data, auto_id=auto_id)
    with override(language):
        for field in form:
            context = {"field": field, **parameters}
            assert tight(FILLED.render(Context(context))) == tight(PLAIN.render(Context(context))), field.name
