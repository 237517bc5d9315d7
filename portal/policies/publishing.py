"""From the settings in force to a published version: what it would say, what has changed since, and publishing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from portal.audit import trail
from portal.clinic.models import ClinicSettings, Location, Service
from portal.common.access.actors import Actor
from portal.common.kept import as_of_now, kept
from portal.common.text import differences
from portal.policies import document, facts, fees, privacy
from portal.policies.models import ENGLISH, PolicyKind, PolicySettings, PolicyVersion
from portal.policies.refusals import PublishedMeanwhile, TooEarly

# Which facts go with which kind, `facts.gather` sees to: here they are known by the kind alone.
WRITERS: dict[PolicyKind, Callable[[Any], document.Document]] = {
    PolicyKind.PRIVACY: privacy.write,
    PolicyKind.FEES: fees.write,
}


def write(kind: str, known: facts.Facts, *, language: str = ENGLISH) -> document.Document:
    """The text that these facts make, in one language."""
    with translation.override(language):
        return WRITERS[PolicyKind(kind)](known)


def write_all(kind: str, known: facts.Facts) -> dict[str, document.Document]:
    """In every language; one that has no words of its own for it yet is left out."""
    english = write(kind, known)
    others = {code: write(kind, known, language=code) for code, _name in settings.LANGUAGES if code != ENGLISH}
    return {ENGLISH: english} | {code: text for code, text in others.items() if text != english}


def read(kind: str, *, now: datetime, language: str | None = None) -> Reading:
    """What a reader is shown: the version in force, or before the first one what would be published now."""
    wanted = language or translation.get_language() or ENGLISH
    return Reading(kind, *in_force(kind, ClinicSettings.current().today(now), wanted))


@kept(PolicyVersion, PolicySettings, ClinicSettings, Service, Location)
def in_force(kind: str, today: date, language: str) -> tuple[PolicyVersion | None, document.Document, str]:
    """The version, its text for a reader of this language, and the language that the text is in."""
    version = PolicyVersion.objects.current(kind, today=today)
    if version is not None:
        return version, *version.document(language)
    return None, write(kind, facts.gather(kind), language=language), language


@kept(PolicyVersion)
def published() -> Sequence[PolicyVersion]:
    """Every version of every policy without its text, the newest first."""
    return list(PolicyVersion.objects.without_text().order_by("-number"))


@dataclass(frozen=True)
class Reading:
    """A text for a reader, and the language it is in; a draft has no version."""

    kind: str
    version: PolicyVersion | None
    document: document.Document
    language: str

    @property
    def is_translation(self) -> bool:
        return self.language != ENGLISH


@dataclass(frozen=True)
class Drift:
    """How the newest version of a policy differs from what the settings in force would make of it."""

    kind: str
    newest: PolicyVersion | None
    settings: list[facts.Difference] = field(default_factory=list)
    paragraphs: list[differences.Paragraph] = field(default_factory=list)
    new_languages: list[str] = field(default_factory=list)

    @property
    def is_unpublished(self) -> bool:
        return self.newest is None

    @property
    def is_untrue(self) -> bool:
        """Whether the published text says something that no longer holds."""
        return self.is_unpublished or bool(self.settings)

    @property
    def is_worth_publishing(self) -> bool:
        return self.is_untrue or bool(self.paragraphs) or bool(self.new_languages)

    def __bool__(self) -> bool:
        return self.is_worth_publishing

    @property
    def in_words(self) -> str:
        return "; ".join(difference.label for difference in self.settings)


def drift(kind: str, *, in_full: bool = True) -> Drift:
    """Compares the newest version, also one that is yet to take effect; without `in_full` only the settings."""
    newest = PolicyVersion.objects.of(kind).first() if in_full else _newest(kind)
    known = facts.gather(kind)
    if newest is None:
        return Drift(kind, None)
    changed = list(facts.differences(newest.facts, known))
    if not in_full:
        return Drift(kind, newest, changed)
    texts = write_all(kind, known)
    before, after = (document.lines(each.get(ENGLISH)) for each in (newest.documents, texts))
    paragraphs = [] if before == after else differences.by_paragraphs(before, after)
    names = dict(settings.LANGUAGES)
    fresh = [str(names[code]) for code, text in texts.items() if text != newest.documents.get(code) and code != ENGLISH]
    return Drift(kind, newest, changed, paragraphs, fresh)


@kept(PolicyVersion)
def _newest(kind: str) -> PolicyVersion | None:
    """The newest version with its facts and without its text."""
    return PolicyVersion.objects.of(kind).defer("documents", "additions").first()


def drifts() -> list[Drift]:
    """The settings of both policies, by what is kept; for the overview and for doctor."""
    return [drift(kind, in_full=False) for kind in PolicyKind]


@transaction.atomic
def publish(
    *,
    kind: str,
    effective_from: date,
    changes: str = "",
    ask_again: bool = False,
    after: int | None = None,
    by: Actor,
    now: datetime,
) -> PolicyVersion:
    """Keeps the text that the settings in force make, in every language, for ever.

    A version begins today or later, and not before the one that was published last: of two for one day, the later
    published counts. The first is agreed to by everybody who books, so it always asks. `after` is the number of the
    newest version that `by` has seen, 0 where there was none: a button that is pressed twice publishes once.

    Raises PublishedMeanwhile and TooEarly.
    """
    # One at a time: the row is there once the clinic is, and numbers have no gap.
    ClinicSettings.objects.select_for_update(no_key=True).filter(pk=1).first()
    as_of_now()
    newest = PolicyVersion.objects.of(kind).without_text().first()
    if after is not None and after != (newest.number if newest else 0):
        raise PublishedMeanwhile
    today = ClinicSettings.current().today(now)
    earliest = max(today, newest.effective_from) if newest else today
    if effective_from < earliest:
        raise TooEarly(earliest)
    same_day = PolicyVersion.objects.of(kind).filter(effective_from=effective_from).count()
    known = facts.gather(kind)
    version = PolicyVersion.objects.create(
        kind=kind,
        number=newest.number + 1 if newest else 1,
        day=effective_from.isoformat() + (f"-{same_day + 1}" if same_day else ""),
        effective_from=effective_from,
        published_at=now,
        published_by=by.user,
        facts=known,
        documents=write_all(kind, known),
        additions=known["additions"],
        changes=changes,
        ask_again=ask_again or newest is None,
    )
    trail.record(
        "policy.published",
        target=version,
        by=by,
        at=now,
        effective_from=effective_from,
        ask_again=version.ask_again,
    )
    return version


def publish_first(*, by: Actor, now: datetime) -> list[PolicyVersion]:
    """Puts both policies in force today, where there is none yet: `setup` and the demo begin so."""
    today = ClinicSettings.current().today(now)
    return [
        publish(kind=kind, effective_from=today, changes=str(_("The first version.")), by=by, now=now)
        for kind in PolicyKind
        if not PolicyVersion.objects.of(kind).exists()
    ]


@transaction.atomic
def update_settings(*, values: Mapping[str, Any], by: Actor, now: datetime) -> PolicySettings:
    """Changes what only the policies need to know; nothing of it is public before it is published."""
    own, _is_new = PolicySettings.objects.select_for_update(no_key=True).get_or_create(pk=1)
    changed = sorted(name for name, value in values.items() if getattr(own, name) != value)
    for name in changed:
        setattr(own, name, values[name])
    if changed:
        own.save(update_fields=changed)
        trail.record("policy_settings.changed", target=own, by=by, at=now, fields=changed)
    return own
