"""The list of what is wrong, on top of a form: a label, one mark, and what is said of it, in every language."""

import re

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import override
from lxml import html as lxml_html

CODES = ["en-au", "zh-hans", "vi", "ar"]
TWO_MARKS = re.compile(r"[.:;,。：；，．؛،?!？！؟]\s*[.:;,。：；，．؛،]")


def lines_of(label, code):
    form = type("Form", (forms.Form,), {"box": forms.CharField(label=label)})({})
    with override(code):
        form.full_clean()
        listed = render_to_string("portal_forms/errors.html", {"form": form})
    return lxml_html.fromstring(listed).xpath("//ul/li")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "label",
    ["Name", "I agree.", "我同意。", "姓名：", "Name:", "How did you hear of us?", "您好吗？", "أوافق.", "هل توافق؟"],
)
def test_no_two_marks_stand_in_a_row(label, code):
    [line] = lines_of(label, code)
    text = line.text_content()
    assert not TWO_MARKS.search(text), text
    # It is still told apart from what is said of it.
    assert re.match(re.escape(label.rstrip(".。：:")) + r"(: ?|： ?| |(?<=[?？؟]))\S", text), text


def test_a_link_in_a_label_is_no_link_in_the_link_to_its_field():
    label = format_html('I have read <a href="{}">the policy</a>.', "/privacy/")
    [line] = lines_of(label, "en-au")
    assert [link.get("href") for link in line.xpath(".//a")] == ["#id_box"]
    assert line.text_content() == "I have read the policy: Fill this in."
