"""What the manager does to the words of the website and to the list of crisis lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.audit import trail
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.website.models import CrisisLine, SiteText

# What a reader rings, writes to or opens.
_WHERE_IT_LEADS = frozenset({"number", "link", "kind"})


def lock_texts() -> None:
    """One save of the website's words at a time, also of those that have no row yet; until the transaction ends."""
    ClinicSettings.objects.select_for_update(no_key=True).filter(pk=1).first()


@transaction.atomic
def set_text(*, key: str, language: str, text: str, by: Actor, now: datetime) -> SiteText:
    """Says one text in the clinic's own words, in one language; `text` is not empty."""
    present, is_new = SiteText.objects.select_for_update().get_or_create(
        key=key, language=language, defaults={"text": text, "changed_at": now}
    )
    if not is_new:
        if present.text == text:
            return present
        present.text, present.changed_at = text, now
        present.save(update_fields=["text", "changed_at"])
    trail.record("site_text.changed", target=present, by=by, at=now, **_which(key), language=language)
    return present


@transaction.atomic
def reset_text(*, key: str, language: str, by: Actor, now: datetime) -> None:
    """Goes back to the words that ship."""
    present = SiteText.objects.select_for_update().filter(key=key, language=language).first()
    if present is not None:
        trail.record("site_text.reset", target=present, by=by, at=now, **_which(key), language=language)
        present.delete()


@transaction.atomic
def words_follow(*, was: str, to: str) -> None:
    """Takes a row's words along from one place (`texts.place_of`) to another; words that stand there already stay."""
    if was == to:
        return
    there = set(SiteText.objects.filter(key__startswith=f"{to}.").values_list("key", "language"))
    for said in SiteText.objects.select_for_update().filter(key__startswith=f"{was}."):
        key = f"{to}.{said.key.rpartition('.')[2]}"
        if (key, said.language) in there:
            said.delete()
        else:
            SiteText.objects.filter(pk=said.pk).update(key=key)


def words_end(*, at: str) -> None:
    """Takes a row's words away with it: another that comes to its place (`texts.place_of`) must not inherit them."""
    SiteText.objects.filter(key__startswith=f"{at}.").delete()


def _which(key: str) -> dict[str, str]:
    """The key as the trail takes it, which takes no free text: of a row's words, what kind of row it is."""
    page, *rest = key.split(".")
    return {"page": page, "text": rest[-1]}


@transaction.atomic
def add_crisis_line(*, values: Mapping[str, Any], by: Actor, now: datetime) -> CrisisLine:
    """Adds a line at the end; it is to be checked until somebody says that they did, as `checked` in `values` does."""
    values = dict(values)
    is_checked = values.pop("checked", False)
    last = CrisisLine.objects.order_by("-position").values_list("position", flat=True).first()
    line = CrisisLine.objects.create(**{"position": 0 if last is None else last + 1, **values})
    trail.record("crisis_line.added", target=line, by=by, at=now)
    if is_checked:
        mark_crisis_line_checked(line=line, by=by, now=now)
    return line


@transaction.atomic
def update_crisis_line(*, line: CrisisLine, values: Mapping[str, Any], by: Actor, now: datetime) -> CrisisLine:
    """Changes what differs. Another number is to be checked anew, unless whoever changed it says that they did."""
    values = dict(values)
    is_checked = values.pop("checked", False)
    stored = CrisisLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
    changed = [name for name, value in values.items() if getattr(stored, name) != value]
    for name in changed:
        setattr(stored, name, values[name])
    if changed:
        written = list(changed)
        if _WHERE_IT_LEADS & set(changed):
            stored.checked_on = stored.checked_by = None
            written += ["checked_on", "checked_by"]
        stored.save(update_fields=written)
        trail.record("crisis_line.changed", target=stored, by=by, at=now, fields=sorted(changed))
    if is_checked:
        mark_crisis_line_checked(line=stored, by=by, now=now)
    return stored


@transaction.atomic
def mark_crisis_line_checked(*, line: CrisisLine, by: Actor, now: datetime) -> None:
    """Somebody rang it, or read it on its own site, today."""
    line.checked_on, line.checked_by = ClinicSettings.current().today(now), by.user
    line.save(update_fields=["checked_on", "checked_by"])
    trail.record("crisis_line.checked", target=line, by=by, at=now)


@transaction.atomic
def show_crisis_line(*, line: CrisisLine, shown: bool, by: Actor, now: datetime) -> None:
    """Puts a line on the website, or takes it off."""
    if CrisisLine.objects.filter(pk=line.pk).exclude(is_active=shown).update(is_active=shown):
        trail.record("crisis_line.restored" if shown else "crisis_line.retired", target=line, by=by, at=now)


@transaction.atomic
def move_crisis_line(*, line: CrisisLine, up: bool, by: Actor, now: datetime) -> None:
    """Changes places with its neighbour; the list is numbered anew, so that no two stand at one place."""
    order = list(CrisisLine.objects.select_for_update())
    at = next(place for place, one in enumerate(order) if one.pk == line.pk)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(order):
        return
    order[at], order[other] = order[other], order[at]
    for position, one in enumerate(order):
        if one.position != position:
            CrisisLine.objects.filter(pk=one.pk).update(position=position)
    trail.record("crisis_line.moved", target=line, by=by, at=now)
