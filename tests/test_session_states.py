"""What a session's state means is said in one room: nobody else compares a status, in code or in a template."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORDS = {"held", "booked", "arrived", "completed", "no_show", "cancelled", "requested", "declined"}
QUERIES = {"filter", "exclude", "get", "update", "create", "Q", "When", "get_or_create", "update_or_create"}
# Other things have a status too, with words of their own.
OTHERS = (
    *("InvoiceStatus", "PostStatus", "ClaimStatus", "AttemptStatus", "RefundStatus", "UpdateStatus", "HTTPStatus"),
    # Stripe's own words of its pages and payments.
    *("page.status", "intent.status"),
)
ROOMS = (
    # Its own room: the table, the sets, the constraints, and the actions that set it.
    "portal/appointments/",
    # Draws again, for the page that says so, a hold whose row is gone.
    "portal/web/public/held_time.py",
)
TEMPLATES = (
    # A state as shape and word; every other template includes it.
    "templates/components/_status.html",
    "templates/components/_invoice_status.html",
    "templates/components/_claim_status.html",
    "templates/components/_legend.html",
)


def speaks_of_others(node):
    return any(other in ast.unparse(node) for other in OTHERS)


def names_a_state(node):
    return any(isinstance(part, ast.Constant) and part.value in WORDS for part in ast.walk(node))


def conditions(source):
    """The lines that decide by a session's status."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portal.appointments"):
            if any(alias.name == "Status" for alias in node.names):
                yield node.lineno
        elif isinstance(node, ast.Attribute) and node.attr == "Status" and ast.unparse(node.value) == "states":
            yield node.lineno
        elif isinstance(node, ast.Compare) and not speaks_of_others(node):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Attribute) and side.attr == "status" for side in sides):
                yield node.lineno
        elif isinstance(node, ast.Match) and isinstance(node.subject, ast.Attribute) and node.subject.attr == "status":
            if not any(speaks_of_others(case.pattern) for case in node.cases):
                yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in QUERIES:
            for word in node.keywords:
                named = word.arg == "status" or (word.arg or "").endswith("__status")
                if (named or "status__" in (word.arg or "")) and names_a_state(word.value):
                    yield node.lineno


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from portal.appointments.models import Appointment, Status", True),
        ("from portal.appointments.states import Status", True),
        ("from portal.appointments import states", False),
        ("if session.status == before: pass", True),
        ("if session.status in states.OPEN: pass", True),
        ("if states.Status.BOOKED in seen: pass", True),
        ("if invoice.status == InvoiceStatus.VOID: pass", False),
        ("if session.is_open: pass", False),
        ("rows.filter(status='booked')", True),
        ("rows.exclude(appointment__status__in=['held'])", True),
        ("if claim.status == ClaimStatus.SENT: pass", False),
        ("if page.status == 'expired': pass", False),
        ("rows.filter(status='issued')", False),
        ("rows.filter(status__in=states.STANDING)", False),
        ("render(request, page, status=422)", False),
        ("match session.status:\n    case 'booked': pass", True),
    ],
)
def test_conditions_are_recognised(line, found):
    assert bool(list(conditions(line))) is found


def test_code_asks_the_table():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "portal").rglob("*.py"))
        if not str(path.relative_to(ROOT)).startswith(ROOMS) and "migrations" not in path.parts
        for line in conditions(path.read_text())
    ]
    assert found == []


def test_templates_ask_the_table():
    """`{% if session.is_open %}` asks; `{% if session.status == "booked" %}` knows better."""
    compares = re.compile(
        r"{%\s*(?:el)?if\b[^%]*?(?<!invoice)(?<!claim)(?<!step)(?<!attempt)(?<!charge)(?<!back)"
        r"\.status\s*(?:==|!=|in\b)|{%\s*if\s+status\s*[=!]="
    )
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "templates").rglob("*"))
        if path.is_file() and str(path.relative_to(ROOT)) not in TEMPLATES and compares.search(path.read_text())
    ]
    assert compares.search('{% if a and session.status == "held" %}')
    assert not compares.search('{% if invoice.status == "void" %}')
    assert found == []


def test_the_rooms_are_needed():
    """A room that decides by no status any more goes off the list."""
    for room in ROOMS:
        files = sorted((ROOT / room).rglob("*.py")) if room.endswith("/") else [ROOT / room]
        assert any(list(conditions(path.read_text())) for path in files), room
