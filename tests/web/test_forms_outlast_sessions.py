"""Every form of every area: it gives back what was typed when the session ended, and says which values it showed.

The forms are found by opening every page as somebody who may open all of them, and typed into as a person would: a new
form can forget neither. tests/web/test_stale_pages.py tries what a page that says what it showed is good for.
"""

import re
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from django.apps import apps
from django.test.html import Element, parse_html
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import KeptForm
from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.website.models import SiteText
from tests import make
from tests.pages import draw_errors_once
from tests.test_house import views

pytestmark = pytest.mark.django_db

BUTTONS = {"submit", "button", "image", "reset"}
UNTYPED = BUTTONS | {"hidden", "file", "password"}
# Pages whose forms are long, by their addresses: the walk may not pass by one of them.
LONG = """
    practice/hours/ practice/articles/new/ practice/articles/<uuid:code>/ practice/profile/
    reception/hours/<slug:slug>/
    reception/patients/new/ reception/patients/<uuid:code>/edit/ reception/patients/<uuid:code>/referral/
    reception/patients/<uuid:code>/book/ reception/appointments/<uuid:code>/reschedule/
    reception/appointments/<uuid:code>/check-out/
    manage/settings/ manage/locations/new/ manage/locations/<uuid:code>/ manage/services/new/
    manage/services/<uuid:code>/ manage/staff/invite/ manage/staff/<uuid:code>/profile/ manage/resources/new/
    manage/resources/<uuid:code>/ manage/policies/settings/ manage/crisis-lines/new/
    manage/crisis-lines/<uuid:code>/ manage/articles/new/ manage/articles/<uuid:code>/
    my/details/<uuid:code>/
"""
# Shorter ones whose loss hurts: a note, why a session is cancelled, why a fee is let off, a file for one person.
SHORT = """
    practice/notes/<uuid:code>/ practice/patients/<uuid:code>/share/own/ reception/appointments/<uuid:code>/cancel/
    reception/appointments/<uuid:code>/fee/
"""
# Forms that come with values and edit no stored row by them, or that know an older page by other means: the address of
# the page, what they are sent to, and why.
MAKES = "it makes something new: its values are a proposal"
VERSION = "it carries the version of the whole text, and both texts are compared word by word"
OTHERWISE = {
    ("manage/articles/<uuid:code>/", "/manage/articles/*/"): VERSION,
    ("practice/articles/<uuid:code>/", "/practice/articles/*/"): VERSION,
    ("manage/articles/new/", "/manage/articles/*/"): MAKES,
    ("practice/articles/new/", "/practice/articles/*/"): MAKES,
    ("manage/locations/new/", "/manage/locations/new/"): MAKES,
    ("manage/resources/new/", "/manage/resources/new/"): MAKES,
    ("manage/medicare/limits/", "/manage/medicare/limits/"): MAKES,
    ("manage/services/new/", "/manage/services/new/"): MAKES,
    ("manage/reports/remuneration/<slug:slug>/", "/manage/reports/remuneration/*/"): MAKES,
    ("reception/invoices/new/<uuid:code>/", "/reception/invoices/new/*/"): MAKES,
    ("reception/patients/<uuid:code>/pay/", "/reception/patients/*/pay/"): "it carries what the page knew to be owing",
    ("reception/invoices/run/", "/reception/invoices/run/"): "each tick carries what its session was shown to bill",
    ("reception/close/", "/reception/close/"): "it carries what the page knew of the day's money",
    ("manage/staff/<uuid:code>/profile/", "/manage/staff/*/profile/"): "of somebody who has none yet",
    ("practice/hours/", "/practice/hours/exceptions/"): MAKES,
    ("reception/hours/<slug:slug>/", "/reception/hours/*/exceptions/"): MAKES,
    ("my/calendar/", "/my/calendar/*/make/"): MAKES,
    ("practice/calendar/address/", "/practice/calendar/address/make/"): MAKES,
    ("reception/patients/<uuid:code>/book/", "/reception/patients/*/book/"): MAKES,
    ("reception/patients/<uuid:code>/referral/", "/reception/patients/*/referral/"): MAKES,
    ("reception/referrals/<uuid:code>/check/", "/reception/referrals/*/check/"): MAKES,
    ("practice/referrals/<uuid:code>/", "/practice/referrals/*/"): MAKES,
    (
        "reception/referrals/<uuid:code>/correct/",
        "/reception/referrals/*/correct/",
    ): "its address names the row that it corrects, which is corrected once",
    (
        "reception/patients/<uuid:code>/used-elsewhere/",
        "/reception/patients/*/used-elsewhere/",
    ): "it carries which word of the year it showed",
    ("reception/owing/<slug:kind>/<uuid:code>/plan/", "/reception/owing/*/*/plan/"): MAKES,
    ("reception/waitlist/join/<uuid:code>/", "/reception/waitlist/join/*/"): MAKES,
    ("my/waitlist/join/", "/my/waitlist/join/"): MAKES,
    ("reception/appointments/<uuid:code>/repeat/", "/reception/appointments/*/repeat/"): MAKES,
    ("practice/sessions/<uuid:code>/repeat/", "/practice/sessions/*/repeat/"): MAKES,
    ("my/appointments/<uuid:code>/repeat/", "/my/appointments/*/repeat/"): MAKES,
    ("manage/articles/<uuid:code>/reviewed/", "/manage/articles/*/reviewed/"): "it proposes a day half a year on",
    ("practice/articles/<uuid:code>/reviewed/", "/practice/articles/*/reviewed/"): "it proposes a day half a year on",
    ("manage/policies/<slug:kind>/", "/manage/policies/privacy/"): "it names the version and settings that were read",
    ("my/find/", "/my/find/"): "a claim, which is checked against the record",
    (
        "reception/appointments/<uuid:code>/check-out/",
        "/reception/appointments/*/check-out/",
    ): "it carries what it billed",
    ("reception/appointments/<uuid:code>/pay-ahead/", "/reception/appointments/*/pay-ahead/"): MAKES,
    (
        "reception/appointments/<uuid:code>/reschedule/",
        "/reception/appointments/*/reschedule/",
    ): "it names the session's time",
}


# The pages by which the walk is known to have found forms: each shows what is stored, and says so.
SAYING = """
    my/details/<uuid:code>/ practice/hours/ practice/profile/ practice/articles/<uuid:code>/address/
    reception/patients/<uuid:code>/edit/ manage/settings/ manage/locations/<uuid:code>/ manage/services/<uuid:code>/
    manage/resources/<uuid:code>/ manage/crisis-lines/<uuid:code>/ manage/policies/settings/ manage/staff/<uuid:code>/
    manage/articles/<uuid:code>/address/ manage/articles/shelves/categories/<uuid:code>/ manage/texts/<str:key>/
"""


@pytest.fixture
def person():
    """Somebody who may knock at every door, in a clinic that has one of everything."""
    make.clinic()
    user = make.user(roles=(Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER))
    room = make.room()
    service = make.service()
    psychologist = make.psychologist(user=user, services=(service,))
    make.week(psychologist=psychologist, location=room.location)
    patient = make.patient(user=user)
    make.referral(patient=patient)
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    common = {"psychologist": psychologist, "patient": patient, "service": service, "location": room.location}
    make.appointment(**common)
    make.appointment(**common, starts_at=now - timedelta(hours=3), status=Status.ARRIVED)
    make.appointment(**common, starts_at=now - timedelta(days=2), status=Status.COMPLETED)
    make.appointment(**common, starts_at=now - timedelta(days=3), status=Status.CANCELLED, late=True)
    make.time_slot(psychologist=psychologist)
    make.post(author=user)
    make.post(author=user, draft=True)
    make.resource(by=user)
    make.staff(Role.PSYCHOLOGIST)
    SiteText.objects.create(key="home.title", language="en-au", text="Come in", changed_at=now)
    return user


@pytest.fixture(autouse=True)
def _errors_are_drawn_once(monkeypatch):
    draw_errors_once(monkeypatch)


def codes():
    """What rows are named by in addresses, with the kind of row."""
    for model in apps.get_models():
        if model.__module__.startswith("portal.") and model not in (Entry, KeptForm):
            names = {field.name for field in model._meta.concrete_fields} & {"code", "slug", "number", "key"}
            for name in names:
                yield from ((str(value), model) for value in model._base_manager.values_list(name, flat=True) if value)


# The walk of all pages takes a minute: in pieces, workers share it. Neighbours stay together, see below.
PIECES = range(4)


def addresses(piece):
    """The addresses of one piece: every address is in exactly one."""
    every = [address for address, _view in views()]
    bounds = [len(every) * n // len(PIECES) for n in (piece, piece + 1)]
    return every[slice(*bounds)]


def alike(one, other):
    """With how many of the same letters two addresses begin."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def pages(client, piece):
    """Every address of a piece that shows a page, with the page."""
    kinds = {code: kind for code, kind in codes() if " " not in code} | {"privacy": None}
    known = sorted(kinds)
    uuids = [code for code in known if re.fullmatch(r"[0-9a-f]{8}-.*", code)]
    opened = {}
    for address in addresses(piece):
        holes = re.findall(r"<(\w+):\w+>", address)
        if "(" in address or len(holes) > 1 or address.startswith(("accounts/", "healthz", "api/")):
            continue
        names = uuids if "uuid" in holes else known
        if holes and opened:
            # What opened a page before may well open its neighbour, or else another of its kind.
            near = opened[max(opened, key=lambda other: alike(address, other))]
            names = sorted(names, key=lambda name: (name != near, kinds[name] != kinds[near]))
        for name in names if holes else [""]:
            filled = "/" + re.sub(r"<\w+:\w+>", name, address)
            response = client.get(filled)
            if response.streaming:
                response.getvalue()
                continue
            if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
                if holes:
                    opened[address] = name
                yield address, filled, response.content.decode()
                break
            if response.status_code == 405:
                break  # it shows no page whatever the name


def within(element, name):
    for child in getattr(element, "children", ()):
        if isinstance(child, Element):
            if child.name == name:
                yield child
            yield from within(child, name)


def words(element):
    return "".join(child if isinstance(child, str) else words(child) for child in element.children)


def forms_of(html):
    html = re.sub(r"(?s)<script.*?</script>|<svg.*?</svg>|<!doctype[^>]*>", "", html)
    return [
        form
        for form in within(parse_html(f"<div>{html}</div>"), "form")
        if dict(form.attributes).get("method") == "post"
    ]


def controls(form):
    """Name, kind, values to choose from, and what is in it now: of each control of a form."""
    found = []
    for tag in ("input", "textarea", "select"):
        for element in within(form, tag):
            attributes = dict(element.attributes)
            kind = attributes.get("type", "text") if tag == "input" else tag
            if not attributes.get("name") or "disabled" in attributes or kind in BUTTONS:
                continue
            if tag == "select":
                options = [dict(option.attributes) for option in within(element, "option")]
                values = [option.get("value", "") for option in options]
                now = [option.get("value", "") for option in options if "selected" in option] or values[:1]
            elif kind in {"checkbox", "radio"}:
                values = [attributes.get("value", "on")]
                now = values if "checked" in attributes else []
            else:
                values = []
                now = [words(element) if tag == "textarea" else attributes.get("value", "")]
            found.append((attributes["name"], kind, values, now))
    return found


def typed_into(form):
    """The form as somebody filled it in, every control changed that can be."""
    sent, typed = {}, {}
    seen_radios = {}
    for n, (name, kind, values, now) in enumerate(controls(form)):
        if kind in {"file", "password"}:
            continue
        if kind == "hidden":
            sent.setdefault(name, []).extend(now)
            continue
        if kind == "radio":
            seen_radios[name] = values[0]
            continue
        if kind == "checkbox":
            value = [] if now else values
        elif kind == "select":
            value = [next((one for one in reversed(values) if [one] != now), *now)]
        elif kind in {"date", "time", "number", "month", "datetime-local"}:
            value = [{"date": "2031-02-03", "time": "06:35", "number": "37", "month": "2031-02"}.get(kind, "")]
        else:
            value = [f'Typed {n} "quoted" <b> & ünï ٣ 名']
        sent.setdefault(name, []).extend(value)
        typed.setdefault(name, []).extend(value)
    for name, value in seen_radios.items():
        sent[name] = typed[name] = [value]
    return sent, typed


def stands_in(form):
    found = {}
    for name, kind, _values, now in controls(form):
        if kind not in UNTYPED:
            found.setdefault(name, []).extend(now)
    return found


def plain(values):
    """The parser of tests folds white space."""
    return sorted(" ".join(value.split()) for value in values)


def shows_something(form):
    """Whether somebody finds a value in it that they did not type: words, a ticked box, a choice."""
    return any(
        kind not in UNTYPED and any(now) and not (kind == "select" and now == values[:1])
        for _name, kind, values, now in controls(form)
    )


# What names somebody's row in an address.
WHOSE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/reception/hours/)[\w-]+|(?<=/remuneration/)[\w-]+")


@pytest.mark.parametrize("piece", PIECES)
def test_every_form_gives_back_what_was_typed_and_says_what_it_showed(person, piece):
    client = make.client_for(person)
    seen, lost, saying, silent = {}, {}, set(), set()
    for pattern, address, html in list(pages(client, piece)):
        for form in forms_of(html):
            to = urljoin(address, dict(form.attributes).get("action") or "")
            if shows_something(form) and not to.startswith("/theme/"):
                says = "shown" in {name for name, *_rest in controls(form)}
                (saying if says else silent).add((pattern, WHOSE.sub("*", to.partition("?")[0])))
            sent, typed = typed_into(form)
            if not typed or to.startswith(("/accounts/", "/theme/")):
                continue
            seen[pattern] = max(seen.get(pattern, 0), len(typed))
            # The session is over, wherever it was kept.
            client.session.flush()
            response = client.post(to, sent)
            assert response.status_code == 302, (pattern, to, response.status_code)
            assert response.url.startswith(reverse("account_login")), (pattern, response.url)
            client = make.client_for(person)
            again = client.get(address).content.decode()
            back = [stands_in(one) for one in forms_of(again)]
            if not any(all(plain(one.get(name, [])) == plain(value) for name, value in typed.items()) for one in back):
                lost[pattern] = typed
            KeptForm.objects.all().delete()
    assert lost == {}
    of_piece = set(addresses(piece))
    assert {pattern for pattern in of_piece.intersection(LONG.split()) if seen.get(pattern, 0) <= 3} == set()
    assert of_piece.intersection(SHORT.split()) - seen.keys() == set()
    assert silent - OTHERWISE.keys() == set()
    assert of_piece.intersection(SAYING.split()) - {pattern for pattern, _to in saying} == set()


def test_the_pieces_hold_every_form_that_is_named():
    walked = [address for piece in PIECES for address in addresses(piece)]
    assert sorted(walked) == sorted(address for address, _view in views())
    assert {*LONG.split(), *SHORT.split(), *SAYING.split()} - set(walked) == set()
