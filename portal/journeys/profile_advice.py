"""What a profile's form would mean before it is saved: doubtful words, and what each service will cost patients.

The manager and the psychologist are shown the same, while they fill the form in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.clinic.models import ClinicSettings, Mode, Psychologist, Registration, Service
from portal.clinic.profile_forms import ProfileForm
from portal.journeys import profiles
from portal.journeys.profiles import Fee
from portal.medicare import schedule
from portal.website.advertising import Caution, warnings_for

WORDS = ("headline", "bio", "qualifications")
# What is looked at of each text, and of how many topics: the form refuses more.
MOST_LETTERS, MOST_TOPICS = 10_000, 50


@dataclass(frozen=True, slots=True)
class Advice:
    """The cautions on all the words together, and the price of each service, if what is typed were saved."""

    cautions: list[Caution]
    fees: list[Fee]

    @property
    def has_rebate(self) -> bool:
        return any(fee.quote.rebate is not None for fee in self.fees)


def advice_on(form: ProfileForm, *, now: datetime) -> Advice:
    """Reads what stands in the form, judged or not; what can't be read counts as what is stored."""
    person = _as_typed(form)
    words = [str(form[name].value() or "")[:MOST_LETTERS] for name in WORDS]
    topics = [str(name)[:100] for name in (form["specialisations"].value() or [])[:MOST_TOPICS]]
    clinic = ClinicSettings.current()
    today = clinic.today(now)
    named = _services_named(form, person)
    given = [service for service in Service.objects.offered() if not named or service.pk in named]
    fees = profiles.fees_of(person, given, on=today, clinic=clinic, items=schedule.items_for_individuals(on=today))
    return Advice(warnings_for("\n".join([*words, *topics]), registration=person.registration), fees)


def charged_by(person: Psychologist, typed: dict[int, Decimal | None]) -> dict[int, Decimal]:
    """What they would charge of their own by a service's id, if what is typed were saved."""
    stored = person.fees if person.pk else {}
    return {service: fee for service, fee in {**stored, **typed}.items() if fee is not None}


def _as_typed(form: ProfileForm) -> Psychologist:
    """A copy of the profile with the fees, ways of meeting and registration that stand in the form; stored nowhere."""
    pk = form.instance.pk
    person = Psychologist.objects.select_related("user").get(pk=pk) if pk else Psychologist()
    person.fees = charged_by(person, form.fees)
    ticked = {name: bool(form[name].value()) for name in Mode.values}
    # Where none is ticked nobody could be booked, and nothing would cost anything: the stored ones are shown.
    for name, is_ticked in ticked.items() if any(ticked.values()) else ():
        setattr(person, name, is_ticked)
    if "registration" in form.fields and (registration := form["registration"].value()) in Registration.values:
        person.registration = str(registration)
    return person


def _services_named(form: ProfileForm, person: Psychologist) -> set[int]:
    """The ids of the services that they give; nobody named is all."""
    if "services" not in form.fields:
        return {service.pk for service in person.services.all()}
    chosen = (str(getattr(one, "pk", one)) for one in form["services"].value() or [])
    return {int(pk) for pk in chosen if pk.isascii() and pk.isdecimal() and len(pk) < 19}
