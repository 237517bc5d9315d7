"""What is done to the clinic's settings, places, services and profiles. Nothing is deleted: old invoices name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models.fields.files import FieldFile, FileField
from django.utils.text import slugify

from portal.accounts.models import User
from portal.audit import trail
from portal.clinic import money_details
from portal.clinic.models import (
    ClinicSettings,
    Language,
    Location,
    ProviderNumber,
    Psychologist,
    Room,
    Service,
    Specialisation,
)
from portal.clinic.own_fees import set_fees
from portal.clinic.refusals import HasProfile, InUse, LastOne
from portal.common.access.actors import Actor
from portal.common.media.pictures import PORTRAIT, delete_picture, write_renditions
from portal.common.text.normalise import fold

M = TypeVar("M", bound=models.Model)

# Pictures that pages show in several sizes.
_RENDITIONS = {"photo": PORTRAIT}


# ---- Settings --------------------------------------------------------------------------------------------------------


@transaction.atomic
def update_settings(*, values: Mapping[str, Any], by: Actor, now: datetime) -> ClinicSettings:
    """Changes the clinic's one row, or makes it; the trail says which fields, and of figures what they were.

    All managers are told by e-mail where that changed.
    """
    clinic = ClinicSettings.objects.select_for_update(no_key=True).filter(pk=1).first()
    before = money_details.of(clinic)
    if clinic is None:
        clinic = ClinicSettings(pk=1)
        changed = _apply(clinic, values)
        figures: dict[str, Any] = {}
        clinic.save(force_insert=True)
    else:
        was = _figures(clinic)
        changed = _apply(clinic, values)
        figures = _moved(was, _figures(clinic))
        if changed:
            clinic.save(update_fields=changed)
    if changed:
        money = money_details.changes(before, money_details.of(clinic))
        facts = figures | money_details.facts(money)
        trail.record("clinic.changed", target=clinic, by=by, at=now, fields=changed, **facts)
        if money:
            money_details.tell_managers(money, by=by, now=now)
    return clinic


# ---- Places ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_location(*, values: Mapping[str, Any], by: Actor, now: datetime) -> Location:
    """Adds a place; `values` is what `LocationForm` gives."""
    return _add(Location(), values, "location.added", by=by, now=now)


@transaction.atomic
def update_location(*, location: Location, values: Mapping[str, Any], by: Actor, now: datetime) -> Location:
    """Changes a place; `values` is what `LocationForm` gives."""
    return _update(location, values, "location.changed", by=by, now=now)


@transaction.atomic
def retire_location(*, location: Location, by: Actor, now: datetime) -> Location:
    """Offers no more times there; what is booked stays booked. Raises LastOne."""
    # All rows in use are locked, in one order, so that two people can't each retire "the other one".
    in_use = list(
        Location.objects.select_for_update(no_key=True)
        .filter(is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if in_use == [location.pk]:
        raise LastOne
    return _update(location, {"is_active": False}, "location.retired", by=by, now=now)


@transaction.atomic
def restore_location(*, location: Location, by: Actor, now: datetime) -> Location:
    """Takes a place back into use."""
    return _update(location, {"is_active": True}, "location.restored", by=by, now=now)


@transaction.atomic
def add_room(*, values: Mapping[str, Any], by: Actor, now: datetime) -> Room:
    """Adds a room; `values` is what `RoomForm` gives."""
    return _add(Room(), values, "room.added", by=by, now=now)


@transaction.atomic
def retire_room(*, room: Room, by: Actor, now: datetime) -> Room:
    """Takes a room out of use; sessions that have it keep it."""
    return _update(room, {"is_active": False}, "room.retired", by=by, now=now)


@transaction.atomic
def restore_room(*, room: Room, by: Actor, now: datetime) -> Room:
    """Takes a room back into use."""
    return _update(room, {"is_active": True}, "room.restored", by=by, now=now)


# ---- Services --------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_service(*, values: Mapping[str, Any], by: Actor, now: datetime) -> Service:
    """Adds a service, which is offered to nobody before somebody says so; `values` is what `ServiceForm` gives."""
    return _add(Service(), {"is_active": False, **values}, "service.added", by=by, now=now)


@transaction.atomic
def update_service(*, service: Service, values: Mapping[str, Any], by: Actor, now: datetime) -> Service:
    """What is booked keeps the fee and the length that were promised: an appointment has its own."""
    return _update(service, values, "service.changed", by=by, now=now)


@transaction.atomic
def retire_service(*, service: Service, by: Actor, now: datetime) -> Service:
    """Takes a service off the offer; what is booked of it stays."""
    return _update(service, {"is_active": False}, "service.retired", by=by, now=now)


@transaction.atomic
def restore_service(*, service: Service, by: Actor, now: datetime) -> Service:
    """Offers a service, for the first time or again."""
    return _update(service, {"is_active": True}, "service.restored", by=by, now=now)


# ---- Psychologists ---------------------------------------------------------------------------------------------------


@transaction.atomic
def add_psychologist(
    *,
    user: User,
    values: Mapping[str, Any],
    by: Actor,
    now: datetime,
    topics: Sequence[str] | None = None,
    fees: Mapping[int, Decimal | None] | None = None,
) -> Psychologist:
    """Gives an account a profile; the role that lets it in is granted apart. Raises HasProfile.

    `topics` names the specialisations in their order; one that is not on the clinic's list yet is added to it. `fees`
    says what they charge by a service's id, in dollars before GST, or None where they charge what it costs.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if Psychologist.objects.filter(user=user).exists():
        raise HasProfile
    values = _with_topics(values, topics, by=by, now=now)
    added = _add(Psychologist(user=user), values, "psychologist.added", by=by, now=now)
    set_fees(added, fees or {}, by=by, now=now)
    return added


@transaction.atomic
def update_psychologist(
    *,
    psychologist: Psychologist,
    values: Mapping[str, Any],
    by: Actor,
    now: datetime,
    topics: Sequence[str] | None = None,
    fees: Mapping[int, Decimal | None] | None = None,
) -> Psychologist:
    """Changes a profile; `topics` and `fees` as in `add_psychologist`. What is booked keeps the fee that it has."""
    values = _with_topics(values, topics, by=by, now=now)
    changed = _update(psychologist, values, "psychologist.changed", by=by, now=now)
    set_fees(changed, fees or {}, by=by, now=now)
    return changed


def _with_topics(
    values: Mapping[str, Any], topics: Sequence[str] | None, *, by: Actor, now: datetime
) -> Mapping[str, Any]:
    if topics is None:
        return values
    return {**values, "specialisations": [add_specialisation(name=name, by=by, now=now) for name in topics]}


@transaction.atomic
def retire_psychologist(*, psychologist: Psychologist, by: Actor, now: datetime) -> Psychologist:
    """Takes the profile off the website and out of booking; their sessions and notes stay theirs."""
    values = {"is_active": False, "accepting_patients": False}
    return _update(psychologist, values, "psychologist.retired", by=by, now=now)


@transaction.atomic
def restore_psychologist(*, psychologist: Psychologist, by: Actor, now: datetime) -> Psychologist:
    """Back in the diary; taking new patients is a choice of its own."""
    return _update(psychologist, {"is_active": True}, "psychologist.restored", by=by, now=now)


@transaction.atomic
def set_provider_number(
    *, psychologist: Psychologist, location: Location, number: str, by: Actor, now: datetime
) -> ProviderNumber | None:
    """The one number of this psychologist at this location; an empty one takes it away."""
    Psychologist.objects.select_for_update(no_key=True).get(pk=psychologist.pk)
    held = ProviderNumber.objects.filter(psychologist=psychologist, location=location).first()
    if (held.number if held else "") == number:
        return held
    if held is None:
        held = ProviderNumber.objects.create(psychologist=psychologist, location=location, number=number)
        verb = "provider_number.added"
    elif not number:
        held.delete()
        held, verb = None, "provider_number.removed"
    else:
        held.number = number
        held.save(update_fields=["number"])
        verb = "provider_number.changed"
    trail.record(verb, target=psychologist, by=by, at=now, location=location.code)
    return held


# ---- What profiles choose from ---------------------------------------------------------------------------------------


@transaction.atomic
def add_specialisation(*, name: str, by: Actor, now: datetime) -> Specialisation:
    """What psychologists may say they work with; one of that name that is there already is given back.

    `adhd`, `ADHD` and `Àdhd` are one word: two of them would be two filters on the website.
    """
    if present := specialisation_named(name):
        return present
    stem = slugify(fold(name))[:70] or "topic"
    taken = set(Specialisation.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug = next(s for s in [stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))] if s not in taken)
    return _add(Specialisation(), {"name": name, "slug": slug}, "specialisation.added", by=by, now=now)


def specialisation_named(name: str) -> Specialisation | None:
    """The one on the clinic's list, whatever the capitals and the accents."""
    wanted = fold(name)
    return next((topic for topic in Specialisation.objects.all() if fold(topic.name) == wanted), None)


@transaction.atomic
def add_language(*, code: str, name: str, by: Actor, now: datetime) -> Language:
    """A language that sessions are held in, under its own name."""
    if present := Language.objects.filter(code=code).first():
        return present
    return _add(Language(), {"code": code, "name": name}, "language.added", by=by, now=now)


@transaction.atomic
def remove_choice(*, choice: Specialisation | Language, by: Actor, now: datetime) -> None:
    """Takes away a specialisation or a language that no profile names; raises InUse."""
    if choice.psychologists.exists():
        raise InUse
    noun = choice._meta.model_name
    trail.record(f"{noun}.removed", target=choice, by=by, at=now)
    choice.delete()


# ---- How ------------------------------------------------------------------------------------------------------------


def _add(instance: M, values: Mapping[str, Any], verb: str, *, by: Actor, now: datetime) -> M:
    _apply(instance, values)
    instance.save(force_insert=True)
    _apply_many(instance, values)
    trail.record(verb, target=instance, by=by, at=now)
    return instance


def _update(instance: M, values: Mapping[str, Any], verb: str, *, by: Actor, now: datetime) -> M:
    """Writes what differs from the stored row, so that two people's changes to different fields both stay."""
    stored = type(instance)._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=instance.pk)
    was = _figures(stored)
    changed = _apply(stored, values)
    if changed:
        stored.save(update_fields=changed)
    changed = sorted({*changed, *_apply_many(stored, values)})
    if changed:
        trail.record(verb, target=stored, by=by, at=now, fields=changed, **_moved(was, _figures(stored)))
    for name in values:
        if not instance._meta.get_field(name).many_to_many:
            setattr(instance, name, getattr(stored, name))
    return stored


def _figures(instance: models.Model) -> dict[str, int | str | None]:
    """Amounts, lengths, limits and yes or no, as the trail keeps them; what order things stand in is none."""
    return {
        field.name: str(value) if isinstance(value, Decimal) else value
        for field in instance._meta.concrete_fields
        if isinstance(field, models.DecimalField | models.IntegerField | models.BooleanField)
        and field.name not in ("id", "position", "revision", "is_active")
        for value in [field.to_python(getattr(instance, field.name))]
    }


def _moved(was: Mapping[str, Any], now_is: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of what is no longer what it was: `fee_before`, `fee_after`."""
    changed = [name for name in was if was[name] != now_is[name]]
    return {f"{name}_{when}": values[name] for name in changed for when, values in (("before", was), ("after", now_is))}


def _apply(instance: models.Model, values: Mapping[str, Any]) -> list[str]:
    """Sets plain fields and pictures, and names those that changed."""
    changed = []
    for name, value in values.items():
        field = instance._meta.get_field(name)
        if field.many_to_many:
            continue
        if isinstance(field, FileField):
            if not _set_file(instance, name, value):
                continue
        elif not instance._state.adding and getattr(instance, name) == value:
            continue
        else:
            setattr(instance, name, value)
        changed.append(name)
    return sorted(changed)


def _set_file(instance: models.Model, name: str, value: Any) -> bool:
    """As forms say it: a new file replaces, False takes away, anything else leaves the present one.

    The old file goes when the change is sure; a rolled-back change keeps it.
    """
    present: FieldFile = getattr(instance, name)
    if value is None or value == "" or isinstance(value, FieldFile):
        return False
    if value is False and not present:
        return False
    if present:
        transaction.on_commit(lambda: delete_picture(present), robust=True)
    setattr(instance, name, "" if value is False else value)
    if value is not False and name in _RENDITIONS:
        # After the commit: encoding takes a while, and nobody else may write meanwhile where SQLite is the database.
        widths = _RENDITIONS[name]
        transaction.on_commit(lambda: write_renditions(getattr(instance, name), widths=widths), robust=True)
    return True


def _apply_many(instance: models.Model, values: Mapping[str, Any]) -> list[str]:
    changed = []
    for name, value in values.items():
        field = instance._meta.get_field(name)
        if not isinstance(field, models.ManyToManyField):
            continue
        through: type[models.Model] = getattr(type(instance), name).through
        if not through._meta.auto_created:
            if _put_in_order(instance, field, through, value):
                changed.append(name)
            continue
        wanted = {item.pk for item in value}
        if wanted != set(getattr(instance, name).values_list("pk", flat=True)):
            getattr(instance, name).set(wanted)
            changed.append(name)
    return changed


def _put_in_order(
    instance: models.Model,
    field: models.ManyToManyField[Any, Any],
    through: type[models.Model],
    items: Sequence[models.Model],
) -> bool:
    """Makes `items`, in this order, all that the field holds; the rows `through` which it does carry a `position`."""
    rows = through._default_manager.filter(**{field.m2m_field_name(): instance})
    to, wanted = f"{field.m2m_reverse_field_name()}_id", list(dict.fromkeys(item.pk for item in items))
    present = {chosen: (row, position) for chosen, row, position in rows.values_list(to, "pk", "position")}
    if list(present) == wanted:
        return False
    rows.exclude(**{f"{to}__in": wanted}).delete()
    for position, pk in enumerate(wanted):
        if pk not in present:
            rows.create(**{f"{field.m2m_field_name()}_id": instance.pk, to: pk, "position": position})
        elif present[pk][1] != position:
            rows.filter(pk=present[pk][0]).update(position=position)
    return True
