"""Pages as a browser reads them: which forms they have, and what one of them sends."""

from django import shortcuts
from django.http import HttpResponse
from lxml import html

from portal.common.web import error_pages

# What a browser doesn't send unless it is pressed or chosen.
_PRESSED = {"submit", "button", "reset", "image", "file"}


def forms_in(response):
    """The forms of a page that are sent by POST."""
    page = html.fromstring(response.content.decode())
    return [form for form in page.forms if form.method == "POST"]


def sent_by(form):
    """What the form sends as it stands: lists of values by name, without its CSRF token."""
    sent = {}
    for control in form.inputs:
        if control.name in (None, "csrfmiddlewaretoken"):
            continue
        values = [
            value
            for value in _values(control)
            if control.get("disabled") is None and not (control.tag == "input" and control.type in _PRESSED)
        ]
        if values:
            sent.setdefault(control.name, []).extend(values)
    return sent


def _values(control):
    match control.tag:
        case "textarea":
            # An HTML parser drops the line break that a textarea begins with.
            return [(control.text or "").removeprefix("\n")]
        case "select":
            chosen = [
                option.get("value", option.text) for option in control.iter("option") if "selected" in option.attrib
            ]
            options = [option.get("value", option.text) for option in control.iter("option")]
            return chosen or ([] if "multiple" in control.attrib else options[:1])
        case "input" if control.type in ("checkbox", "radio"):
            return [control.get("value", "on")] if "checked" in control.attrib else []
    return [control.get("value", "")] if control.tag == "input" else []


def form_with(response, name):
    """What the form that has a field of this name sends as it stands."""
    (form,) = [one for one in forms_in(response) if name in one.fields]
    return sent_by(form)


def decided(page, name: str = "asked") -> dict[str, str]:
    """The nearest free time for each time of a series about which its page asks."""
    lines = page.context[name].proposal.lines
    return {f"{line.key}-take": line.options[1][0] for line in lines if not line.chosen}


def draw_errors_once(monkeypatch):
    """Draws the page of an error at the first address of each room alone, and after that answers without words.

    Of the addresses that a walk tries most are of nothing: to draw the same page again would take most of its time.
    """
    drawn = set()

    def render(request, template, *arguments, status):
        where = template, request and request.path.split("/")[1]
        if where in drawn:
            return HttpResponse(status=status)
        drawn.add(where)
        return shortcuts.render(request, template, *arguments, status=status)

    monkeypatch.setattr(error_pages, "render", render)
