"""Gathers the words that readers and patients see, and keeps the catalogues of the other languages in step with them.

Written on Django's own template reader and on Babel, so that nobody needs gettext's programs. The staff's rooms speak
English: what only they show is not gathered.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

from portal.common.languages.catalogues import locale_of

ROOT = Path(settings.BASE_DIR)

# What only staff see. A word that stands here and elsewhere is gathered from there.
STAFF_ONLY = (
    "portal/web/manager/",
    "portal/web/psychologist/",
    "portal/web/reception/",
    "portal/web/authoring/",
    "portal/web/hours/",
    "portal/web/rearranging/",
    "portal/web/still_booked.py",
    "portal/web/to_do/",
    "portal/web/conversing/staff_",
    "portal/messaging/models/templates.py",
    "templates/conversing/staff/",
    "portal/web/calendars/",
    "portal/web/rearranging/",
    "portal/video/",
    "portal/ops/",
    "portal/records/",
    "portal/audit/",
    "portal/notifications/email.py",
    "portal/notifications/wording/",
    "portal/worklist/",
    "portal/common/forms/spans.py",
    "portal/journeys/to_do/",
    "portal/billing/models/overdue.py",
    "portal/billing/reminder_forms.py",
    "portal/patients/ringing.py",
    "portal/billing/models/plan.py",
    "portal/billing/plan_forms.py",
    "portal/journeys/meanwhile.py",
    "portal/journeys/claims_held.py",
    "portal/journeys/same_day.py",
    "portal/settings.py",
    "portal/appointments/closed.py",
    "portal/appointments/forms.py",
    "portal/appointments/joining_for_staff.py",
    "portal/appointments/states.py",
    "portal/appointments/vocabulary.py",
    "portal/billing/claim_forms.py",
    "portal/billing/claim_states.py",
    "portal/billing/models/assignment.py",
    "portal/billing/forms.py",
    "portal/billing/models/online.py",
    "portal/billing/models/watching.py",
    "portal/billing/taking_forms.py",
    "portal/billing/models/claim.py",
    "portal/billing/models/payer.py",
    "portal/billing/payer_forms.py",
    "portal/billing/models/day_close.py",
    "portal/billing/models/bulk.py",
    "portal/billing/models/share.py",
    "portal/common/web/spans.py",
    "templates/components/_remuneration.html",
    "portal/reports/",
    "portal/billing/typed_forms.py",
    "portal/billing/models/credit.py",
    "portal/clinic/forms.py",
    "portal/clinic/row_forms.py",
    "portal/clinic/profile_forms.py",
    "portal/medicare/forms.py",
    "portal/medicare/models/elsewhere.py",
    "portal/medicare/letter_forms.py",
    "portal/medicare/contents.py",
    "portal/medicare/please_add.py",
    "portal/medicare/models/checks.py",
    "portal/medicare/models/letters.py",
    "portal/medicare/models/limits.py",
    "portal/medicare/models/updates.py",
    "portal/medicare/models/referrals.py",
    "portal/medicare/models/referrers.py",
    "portal/medicare/proposing.py",
    "portal/medicare/readiness.py",
    "portal/medicare/telling.py",
    "portal/medicare/update_words.py",
    "portal/resources/translations.py",
    "templates/manager/",
    "templates/rearranging/",
    "templates/components/_claim_status.html",
    "templates/components/_legend.html",
    "templates/components/_calendar",
    "templates/components/_still_booked.html",
    "templates/notifications/clinic_money/",
    "templates/notifications/fee_changed/",
    "templates/notifications/hours_changed/",
    "templates/notifications/_hours_changed.html",
    "templates/psychologist/",
    "templates/hours/",
    "templates/rearranging/",
    "templates/reception/",
    "templates/calendar/",
    "templates/authoring/",
    "templates/to_do/",
    "templates/tables/",
    "templates/layouts/desk.html",
    "templates/components/_desk_side.html",
    "templates/components/_find.html",
    "templates/components/_find_key.html",
    "templates/components/_find_results.html",
    "templates/components/_day_turn.html",
    "templates/components/_profile_advice.html",
    # A tax invoice is a document of Australian law, and stays in English.
    "templates/pdf/",
)

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_n": (1, 2),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
NOTE = ("Translators:",)

# As Django's own catalogues count, which ours stand on. Babel knows the same six Arabic forms in another order.
PLURALS = {
    "zh-hans": "nplurals=1; plural=0;",
    "vi": "nplurals=1; plural=0;",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}


def gather() -> Catalog:
    """Every message outside the staff's rooms, with the files it stands in."""
    found = Catalog(charset="utf-8")
    for path in sorted([*(ROOT / "portal").rglob("*.py"), *(ROOT / "templates").rglob("*.*")]):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(STAFF_ONLY) or "/migrations/" in name:
            continue
        for message, context, comments in _messages(path, name):
            found.add(message, None, [(name, 0)], flags=_flags(message), user_comments=comments, context=context)
    return found


def _flags(message: str | tuple[str, ...]) -> set[str]:
    """Babel looks for any percent sign; ours are format strings only when a named placeholder stands in them."""
    return {"python-format"} if _placeholders(message if isinstance(message, str) else " ".join(message)) else set()


def _messages(path: Path, name: str) -> Iterator[tuple[str | tuple[str, ...], str | None, list[str]]]:
    source = path.read_text()
    if path.suffix in {".html", ".txt"}:
        source = _calls_in(templatize(source, origin=name))
    elif path.suffix != ".py":
        return
    for _line, message, comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS, NOTE):
        yield (tuple(message) if isinstance(message, tuple | list) else message), context, comments


# templatize() puts X in place of the template's own text, and xgettext is forgiving about what is left; Python's
# tokenizer is not. So only the calls are read.
_CALL = re.compile(
    r"\b(?:_|gettext|ngettext|pgettext|npgettext)\("
    r"(?:\s*,?\s*u?(?:\"\"\".*?\"\"\"|'''.*?'''|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))+"
    r"(?:\s*,\s*count)?\s*\)",
    re.DOTALL,
)


def _calls_in(text: str) -> str:
    return "\n".join(match.group() for match in _CALL.finditer(text))


# ---- The catalogues --------------------------------------------------------------------------------------------------


def other_languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def path_of(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / to_locale(language) / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=to_locale(language), charset="utf-8")
    with path.open("rb") as words:
        return read_po(words, locale=locale_of(path))


def update(language: str, gathered: Catalog) -> tuple[int, int]:
    """Brings a catalogue in step: new words come in empty, gone ones go. Returns how many stand and how many lack."""
    kept = read(language)
    fresh = Catalog(locale=to_locale(language), charset="utf-8", project="Clinic portal", fuzzy=False)
    fresh.header_comment = ""
    fresh.mime_headers = [("Plural-Forms", PLURALS[language])]
    for message in sorted((m for m in gathered if m.id), key=lambda m: (m.locations, _key(m), m.context or "")):
        known = kept.get(message.id, message.context)
        fresh.add(
            message.id,
            known.string if known and not known.fuzzy else ("" if isinstance(message.id, str) else ()),
            [(name, 0) for name in sorted({name for name, _line in message.locations})],
            flags=message.flags,
            user_comments=message.user_comments,
            context=message.context,
        )
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=110, include_lineno=False, omit_header=False)
    _drop_dates(path)
    return len(fresh), len(missing(fresh, gathered))


def _drop_dates(path: Path) -> None:
    """Two people who update at different hours write the same file."""
    dated = ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Generated-By", "Report-Msgid-Bugs-To")
    lines = [x for x in path.read_text().splitlines(keepends=True) if not x.startswith(tuple(f'"{d}' for d in dated))]
    path.write_text("".join(lines))


# ---- What is wrong with them -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    message: str
    problem: str
    places: list[str] = field(default_factory=list)


def missing(catalogue: Catalog, gathered: Catalog) -> list[Fault]:
    """Messages without words, or with too few plural forms."""
    faults = []
    for message in gathered:
        if not message.id:
            continue
        known = catalogue.get(message.id, message.context)
        strings = _strings(known) if known else []
        wanted = catalogue.num_plurals if message.pluralizable else 1
        if known is None or known.fuzzy or len(strings) < wanted or not all(strings[:wanted]):
            faults.append(Fault(_key(message), "has no words", [name for name, _line in message.locations]))
    return faults


def mismatched(catalogue: Catalog) -> list[Fault]:
    """Translations that lost, gained or misspelt a placeholder, a tag or an address, or their outer line breaks."""
    faults = []
    for message in catalogue:
        if not message.id or not all(_strings(message)):
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        for string in _strings(message):
            if problem := _differs(ids, string):
                faults.append(Fault(_key(message), f"{problem}: {string}"))
    return faults


_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
_TAG = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _differs(ids: list[str], string: str) -> str:
    allowed = set.union(*(_placeholders(one) for one in ids))
    # A form for exactly one, or for two, may say the number in a word.
    needed = set.intersection(*(_placeholders(one) for one in ids)) if len(ids) == 1 else set()
    used = _placeholders(string)
    if not needed <= used <= allowed:
        return f"placeholders {sorted(used)} instead of {sorted(allowed)}"
    if len(ids) > 1 and len(allowed - used) > 1:
        return f"placeholders {sorted(allowed - used)} are lost"
    if sorted(_TAG.findall(string)) not in [sorted(_TAG.findall(one)) for one in ids]:
        return "other tags"
    if re.sub(_PLACEHOLDER, "", string).replace("%%", "").count("%") and "%(" in ids[0]:
        return "a percent sign that is not doubled"
    if (string[:1] == "\n", string[-1:] == "\n") != (ids[0][:1] == "\n", ids[0][-1:] == "\n"):
        return "other line breaks around it"
    return ""


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [])


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]
