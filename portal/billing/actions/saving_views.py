"""Filters of the list of invoices, kept under a name by whoever looks at it often."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.billing.models import MOST_VIEWS, SavedView
from portal.billing.refusals import NameTaken, TooManyViews
from portal.common.access.actors import Actor


@transaction.atomic
def save_view(*, name: str, query: str, by: Actor, now: datetime) -> SavedView:
    """Keeps what the list's address asks for, under a name; raises NameTaken and TooManyViews."""
    theirs = list(SavedView.objects.visible_to(by))
    _check_name(name, theirs)
    taken = {view.position for view in theirs}
    position = next((place for place in range(1, MOST_VIEWS + 1) if place not in taken), None)
    if position is None:
        raise TooManyViews
    return SavedView.objects.create(owner=by.person, name=name, query=query, position=position, created_at=now)


@transaction.atomic
def rename_view(*, view: SavedView, name: str, by: Actor) -> None:
    """Gives a view another name; raises NameTaken where another of theirs has it."""
    _check_name(name, [each for each in SavedView.objects.visible_to(by) if each.pk != view.pk])
    SavedView.objects.filter(pk=view.pk).update(name=name)


def remove_view(*, view: SavedView) -> None:
    """Takes a view away: the invoices stay."""
    SavedView.objects.filter(pk=view.pk).delete()


def _check_name(name: str, others: list[SavedView]) -> None:
    if name.casefold() in {each.name.casefold() for each in others}:
        raise NameTaken
