"""Rules of this house that no linter has, read from our own source."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from portal.common.access.decorators import MARK
from tests.selection import EVERY_CASE, FIRST_CASE_ALONE, PAGES_THAT_ASK, SAME_IN_A_BROWSER, SAME_ON_EVERY_ONE, SLOWEST

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 450

# Views of others: they guard themselves, and carry no mark of ours.
OTHERS = ("allauth.",)

# E-mail programs and the PDF writer read style sheets only from within the page; neither runs scripts.
STYLED_WITHIN = ("templates/notifications/", "templates/pdf/")


def views(patterns=None, prefix=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback


def our_views():
    return [(address, view) for address, view in views() if not view.__module__.startswith(OTHERS)]


def layers_of(view):
    while view is not None:
        yield view
        view = getattr(view, "__wrapped__", None)


def test_addresses_are_found():
    assert {"", "accounts/login/", "my/appointments/"} <= {address for address, _ in views()}


def test_every_view_says_who_may_call_it():
    assert [address for address, view in our_views() if not getattr(view, MARK, None)] == []


def test_every_view_says_which_methods_it_answers():
    """A plain function answers TRACE and PUT as if they were GET."""

    def names_its_methods(view):
        if hasattr(view, "view_class"):
            return True
        functions = [layer for layer in layers_of(view) if inspect.isfunction(layer)]
        return any("request_method_list" in inspect.getclosurevars(layer).nonlocals for layer in functions)

    assert [address for address, view in our_views() if not names_its_methods(view)] == []


def test_no_address_carries_a_number_of_ours():
    """Sequential ids tell how many patients there are, and invite guessing at the neighbours."""
    assert [address for address, _ in our_views() if "<int:" in address] == []


def ours(*folders, pattern="*.py"):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob(pattern))


def test_files_are_short_enough_to_read():
    # What makemigrations writes is not read from top to bottom.
    lines = {path: len(path.read_text().splitlines()) for path in ours("portal") if "migrations" not in path.parts}
    assert {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    "named", [*SLOWEST, *PAGES_THAT_ASK, *SAME_ON_EVERY_ONE, *SAME_IN_A_BROWSER, *EVERY_CASE, *FIRST_CASE_ALONE]
)
def test_what_is_named_to_go_first_or_for_a_second_database_or_left_out_is_there(named):
    beginning, _, test = named.partition("::")
    files = [*ROOT.glob(f"{beginning}*")]
    assert files
    assert f"def {test}" in "".join(file.read_text() for file in files)


DATABASES_CLOCK = re.compile(
    r"(?<![\w.])now\(\)|\bcurrent_(?:timestamp|date|time)\b|(?:clock|statement)_timestamp|'now'|"
    r"functions import .*\bNow\b",
    re.IGNORECASE,
)


def test_nobody_asks_a_database_what_time_it_is():
    """Its clock is not the one that is read once a request, nor the one that a run of tests is shown."""
    assert [path.name for path in ours("portal") if DATABASES_CLOCK.search(path.read_text())] == []
    assert DATABASES_CLOCK.search('RunSQL("ALTER TABLE x ALTER y SET DEFAULT now()")')


INLINE = {
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a script within the page": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:ld\+)?json[\"'])", re.IGNORECASE
    ),
    "an event attribute": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "a javascript address": re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE),
}


def inline_parts(text):
    return [what for what, pattern in INLINE.items() if pattern.search(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>on = style</p>", []),
        ('<script src="/static/js/a.js" type="module"></script>', []),
        ('<script type="application/json" id="data">{}</script>', []),
        ("<script>go()</script>", ["a script within the page"]),
        ('<p class="x"\n style="color:red">', ["a style attribute"]),
        ('<button hx-on:click="go()">', ["an event attribute"]),
        ('<img src="x" onerror="go()">', ["an event attribute"]),
        ('<a href="javascript:go()">', ["a javascript address"]),
    ],
)
def test_inline_parts_are_recognised(text, found):
    assert inline_parts(text) == found


def test_templates_keep_to_the_content_policy():
    found = {}
    for path in ours("templates", pattern="*.html"):
        name = str(path.relative_to(ROOT))
        if not name.startswith(STYLED_WITHIN) and (parts := inline_parts(path.read_text())):
            found[name] = parts
    assert found == {}


def test_htmx_attributes_are_valid_html():
    """`hx-get` is no attribute of HTML; `data-hx-get` is, and means the same."""
    bare = re.compile(r"(?<![\w-])hx-[a-z-]+=")
    assert [path.name for path in ours("templates", pattern="*.html") if bare.search(path.read_text())] == []


def our_models():
    return [model for model in apps.get_models() if model.__module__.startswith("portal.")]


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_field_is_classed_by_how_private_it_is(model):
    """Export, erasure, encryption and the scrubbing of logs all read this one list."""
    assert "privacy" in vars(model), "class its fields with @classed"
    privacy = vars(model)["privacy"]
    named = [*privacy.plain, *privacy.personal, *privacy.clinical]
    assert sorted(named) == sorted(field.name for field in model._meta.local_concrete_fields)


def test_guards_stand_in_the_files_that_are_compared():
    """What `migrate` does not put up, `doctor` can't compare: docs/guards.md."""
    sql = re.compile(r"(?i)\b(create|drop)\s+(or\s+replace\s+)?(trigger|function)\b|\bexclude\s+using\b|\braise\(abort")
    allowed = re.compile(r"portal/(common/guards/\w+|\w+/guards)\.py")
    names = [str(path.relative_to(ROOT)) for path in ours("portal") if sql.search(path.read_text())]
    assert [name for name in names if not allowed.fullmatch(name)] == []
    apps_with = {path.parent for path in (ROOT / "portal").glob("*/guards.py")}
    assert [path.name for path in apps_with if "guards.register(" not in (path / "apps.py").read_text()] == []


# Whose wall clock it is, is said where it is told: of a place, of the clinic, of rows that carry a zone's name.
CALENDARS = {
    "portal/clinic/models/zones.py",
    "portal/common/languages/times.py",
    "portal/appointments/hours.py",
    "portal/appointments/calendar_days.py",
    # Which of the awkward moments is tried today, on the machine that checks.
    "portal/ops/management/commands/test.py",
    "portal/ops/moments.py",
    "portal/web/manager/views/components.py",
    # Somebody's outside calendar, in the zones that it names.
    "portal/appointments/outside/expanding.py",
    # The reader's own clock, told beside the place's; no rule rests on it.
    "portal/journeys/clocks.py",
    "portal/patients/clocks.py",
    # The same clock, kept with a notice: in which of its hours the notice may leave.
    "portal/notifications/hours.py",
    # When a job of the night was due, by the clock that django-q2 goes by.
    "portal/reports/queue.py",
}


def _in_utc(call):
    """A day at both ends of which room is left for every zone."""
    return [getattr(given, "id", "") for given in call.func.value.args] == ["UTC"]


def _reads_another_calendar(call):
    """A day or a wall clock of the server, or one worked out beside `ClinicSettings.today` and a place's `day_of`."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    of = getattr(getattr(call.func, "value", None), "id", "")
    inner = getattr(getattr(call.func, "value", None), "func", None)
    return (
        name in {"localdate", "get_current_timezone", "make_aware", "ZoneInfo"}
        or (name == "localtime" and len(call.args) < 2)
        or (name == "today" and of in {"date", "datetime"})
        or (name == "date" and getattr(inner, "attr", "") in {"now", "localtime", "astimezone"} and not _in_utc(call))
        or (name in {"activate", "override"} and of == "timezone")
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("timezone.localdate(now)", True),
        ("timezone.localtime(now)", True),
        ("now.astimezone(zone).date()", True),
        ("timezone.localtime(now, zone).date()", True),
        ("timezone.now().date()", True),
        ("date.today()", True),
        ("ZoneInfo(clinic.time_zone)", True),
        ("centre.astimezone(UTC).date()", False),
        ("clinic.today(now)", False),
        ("place.day_of(now)", False),
        ("session.local_start.date()", False),
        ("timezone.localtime(now, zone)", False),
        ("translation.override('vi')", False),
    ],
)
def test_other_calendars_are_recognised(source, found):
    assert _reads_another_calendar(ast.parse(source, mode="eval").body) is found


def test_the_clinics_calendar_is_the_only_one():
    found = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ours("portal")
        if str(path.relative_to(ROOT)) not in CALENDARS and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _reads_another_calendar(node)
    }
    assert found == set()


# One's own diary, hours, invoices, messages; nobody's patients: who treats whom is `Appointment.objects.treating`.
OWN_ROWS = {
    "portal/appointments/models/appointment.py",
    "portal/appointments/models/hours.py",
    "portal/billing/models/assignment.py",
    "portal/billing/models/invoice.py",
    "portal/messaging/models/threads.py",
    "portal/web/manager/views/staff.py",
}


def test_who_treats_whom_is_said_once():
    named = re.compile(r"psychologist__user=|\bdef _?treated_by\b")
    found = {str(path.relative_to(ROOT)) for path in ours("portal") if named.search(path.read_text())}
    assert found - OWN_ROWS == {"portal/patients/models/people.py"}
