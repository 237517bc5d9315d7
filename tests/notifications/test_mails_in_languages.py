"""Every mail to readers and patients, in each language: rendered as the outbox does, and read as a reader would."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings

from portal.notifications.rendering import render
from portal.ops import gather_messages
from tests import make

pytestmark = pytest.mark.django_db

# Monday in Melbourne, half past two in the afternoon.
AT = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)
HERE = settings.BASE_DIR / "templates" / "notifications"
TEMPLATES = sorted(
    path.parent.relative_to(HERE).as_posix()
    for path in HERE.rglob("subject.txt")
    if not path.relative_to(settings.BASE_DIR).as_posix().startswith(gather_messages.STAFF_ONLY)
)
LANGUAGES = gather_messages.other_languages()

HAN = "\u3400-\u9fff"
WIDE = "，。：；？！、（）“”"
ARABIC = "\u0621-\u064a"
FAULTS = {
    "zh-hans": [
        rf"[{HAN}{WIDE}] *[,;:!?()](?!//)|[,;:!?(] *[{HAN}]",
        rf"[{HAN}{WIDE}] +[{HAN}{WIDE}]|[{WIDE}] +\S|\S +[{WIDE}]",
    ],
    "vi": [r"[^\s.:?!“] (?:Tháng|Thứ|Th) (?:\d|Hai|Ba|Tư|Năm|Sáu|Bảy)\b"],
    "ar": [
        rf"[{ARABIC}] ?[,;?]|[,;?] ?[{ARABIC}]",
        r"(?<![\u2066\u2068\u200e/\w.-])-\$|\d\d \d\d \d\d(?![\u2069\u200e\d])",
    ],
}
# Of a name the words may be English; three others in a row are a sentence that nobody translated.
ENGLISH = re.compile(r"(?:\b[a-z][a-z']+\b[ ,]+){2,}\b[a-z']+\b")


@pytest.fixture
def shown():
    clinic = make.clinic(name="Banksia Lane", phone="+61390101234", suburb="Brunswick", state="VIC", postcode="3056")
    place = make.location(name="Brunswick", street="12 Banksia Lane")
    session = make.appointment(location=place, starts_at=AT, psychologist=make.psychologist())
    # Of a request: until when it is answered, and what was answered.
    session.answer_by, session.decline_reason = AT - timedelta(days=1), "talk"
    terms = SimpleNamespace(
        grace=None,
        is_free_over=False,
        is_free_to_the_end=False,
        free_until=AT - timedelta(days=2),
        late_fee=Decimal(110),
        missed_fee=Decimal(220),
    )
    return {
        "appointment": session,
        "sessions": [(session, None), (session, AT - timedelta(days=1))],
        "cancel_hours": 24,
        "late": [(session, Decimal(110))],
        "before": SimpleNamespace(starts_at=AT - timedelta(days=1), zone=session.zone),
        "zone": session.zone,
        "clinic": clinic,
        "terms": terms,
        "quote": SimpleNamespace(total=Decimal(220), rebate=Decimal("149.05"), gap=Decimal("70.95")),
        "base_url": "https://clinic.example",
        "late_fee": Decimal(110),
        "fee": Decimal(110),
        "free_until": AT - timedelta(days=2),
        **dict.fromkeys(["url", "path", "sign_in_url", "password_reset_url", "activate_url", "link"], "/my/"),
        **dict.fromkeys(["name", "called", "whose", "invited_by", "reader"], "Mai Nguyễn"),
        **dict.fromkeys(["email", "to_email", "from_email", "deleted_email"], "mai@example.com"),
        "number": "INV-60528AF8",
        "total": Decimal(220),
        "balance": Decimal(110),
        "amount": Decimal(110),
        "back": Decimal(50),
        "receipt": "RCT-60528AF8",
        "starts_at": AT,
        "first_day": date(2026, 7, 1),
        "last_day": date(2026, 11, 30),
        "closing": Decimal(110),
        "due_on": date(2026, 12, 14),
        "days": 7,
        "hours": 24,
        "at": AT,
        "code": "123456",
        "added": True,
        "knows_the_password": True,
        "what": "given",
        "roles": "Mai",
        "role_name": "Mai",
    }


def test_there_are_mails():
    assert {"appointment_booked", "invoice", "account/carers_changed"} <= set(TEMPLATES)
    assert len(TEMPLATES) > 30


def read(template, context, language):
    """What is wrong with a mail, line by line."""
    words = render(template, context, language=language)
    html = re.sub(r"<head>.*?</head>|<[^>]+>", " ", words.html, flags=re.DOTALL)
    typed = [words.subject, *words.text.splitlines()]
    wrong = [line for line in typed if any(re.search(fault, line) for fault in FAULTS[language])]
    for line in [*typed, *html.splitlines()]:
        if re.search(r"%\(|\{\{|\{%", line) or (language != "vi" and ENGLISH.search(line)):
            wrong.append(line)
    return wrong


@pytest.mark.parametrize("language", LANGUAGES)
# The switches of the templates each way: for oneself and for somebody else, given and taken back.
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "whose": "",
            "added": False,
            "knows_the_password": False,
            "what": "waits",
            "back": None,
            "balance": 0,
            "closing": -1,
        },
    ],
)
def test_every_mail_is_said_whole_in_its_language(shown, language, changes):
    wrong = {template: read(template, shown | changes, language) for template in TEMPLATES}
    assert {template: lines for template, lines in wrong.items() if lines} == {}
