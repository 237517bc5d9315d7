"""The settings that the policies are written from, gathered in one place: a policy says nothing that is not in here.

A version keeps the facts it was made from. When those in force differ, the published text has become untrue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts import devices
from portal.clinic.booking_rules import AFTER_AN_ANSWER, rules_of
from portal.clinic.kept import offered_services, places
from portal.clinic.models import ClinicSettings, Service, TaxCode, WhoBooks
from portal.common.kept import kept
from portal.common.web import cookies as named_cookies
from portal.policies import processors
from portal.policies.models import PolicyKind, PolicySettings


class Who(TypedDict):
    name: str
    legal_name: str
    phone: str
    email: str
    address: str


class OwnHours(TypedDict):
    """A service with a time of its own until which it is cancelled for nothing."""

    service: str
    hours: int


class OwnFees(TypedDict):
    """A service with fees of its own, in percent of its price: for cancelling late, shortly before, and not coming."""

    service: str
    late: int
    near_hours: NotRequired[int]
    near: NotRequired[int]
    missed: int


class ClinicFacts(Who):
    """What both policies say; fees are in percent, `cancel_hours` counts back from a session's start.

    `grace_minutes` counts on from its booking.
    """

    medicare: bool
    cancel_hours: int
    late_fee_percent: int
    grace_minutes: int
    # Where there are any; of a version from before services had rules of their own, nothing is missing.
    own_hours: NotRequired[list[OwnHours]]
    # The second fee, for cancelling less than so many hours before, where there is one.
    near_hours: NotRequired[int]
    near_fee_percent: NotRequired[int]
    own_fees: NotRequired[list[OwnFees]]
    # Each patient's first fee of a year is done without; and after how many hours the portal decides by itself.
    waive_first: NotRequired[bool]
    charge_after_hours: NotRequired[int]
    # Where something is booked on request: for how many hours after it is confirmed it is cancelled for nothing.
    asked_hours: NotRequired[int]
    additions: str


class _OwnRules(TypedDict, total=False):
    own_hours: list[OwnHours]
    asked_hours: int
    near_hours: int
    near_fee_percent: int
    own_fees: list[OwnFees]
    waive_first: bool
    charge_after_hours: int


class _OwnLimits(TypedDict, total=False):
    own_limits: bool
    who_books: list[str]
    answer_hours: list[int]


class PrivacyFacts(ClinicFacts):
    abn: str
    states: list[str]
    contact_name: str
    contact_email: str
    contact_phone: str
    contact_address: str
    kinds: list[str]
    video: bool
    phone_sessions: bool
    first_visits: bool
    processors: list[processors.InUse]
    notice_hours: int
    horizon_days: int
    max_open_bookings: int
    # Only where it is so.
    own_limits: NotRequired[bool]
    # Beside anybody: for whom some service is, "known" or "approved".
    who_books: NotRequired[list[str]]
    # Within how many hours the clinic answers, where something is booked on request.
    answer_hours: NotRequired[list[int]]
    cookies: list[str]
    session_hours: int
    staff_idle_minutes: int
    patient_idle_minutes: int
    second_factor: bool
    https: bool
    retention_years: int


class FeesFacts(ClinicFacts):
    no_show_percent: int
    waiver: str
    payment_terms_days: int
    bank_transfer: bool
    card_online: bool
    gst_registered: bool
    taxable: bool


Facts = PrivacyFacts | FeesFacts
# As a version keeps them: one that was published before a fact was asked for has none of it.
KeptFacts = Mapping[str, Any]

# Where the portal keeps what tells who somebody is or how they are, as the privacy policy sorts it. A test fails when a
# model holds such fields and stands in none of these; of an app that is not named by model, every model counts.
KINDS = {
    "accounts": "account",
    "appointments": "sessions",
    "billing": "money",
    "clinic": "team",
    "medicare": "medicare",
    "messaging": "messages",
    "notifications": "notices",
    "patients": "person",
    "records": "records",
    "resources": "documents",
    "video": "video",
}


def kinds_held() -> list[str]:
    """The sorts of information that this portal can hold, read from the privacy classes of its models."""
    held = {"sessions", "trail"}
    for model in apps.get_models():
        privacy = vars(model).get("privacy")
        if privacy and (privacy.personal or privacy.clinical) and model._meta.app_label in KINDS:
            held.add(KINDS[model._meta.app_label])
    return sorted(held)


def cookies() -> list[str]:
    """Every cookie that the portal ever sets, by name; a test follows a reader through the pages and looks."""
    return [
        settings.SESSION_COOKIE_NAME,
        settings.CSRF_COOKIE_NAME,
        named_cookies.messages(),
        named_cookies.theme(),
        devices.cookie_name(),
    ]


@kept(PolicySettings)
def _own() -> PolicySettings:
    return PolicySettings.current()


def gather(kind: str) -> Facts:
    clinic, own = ClinicSettings.current(), _own()
    return _privacy(clinic, own) if kind == PolicyKind.PRIVACY else _fees(clinic, own)


def _who(clinic: ClinicSettings) -> Who:
    town = " ".join(part for part in (clinic.suburb, clinic.state, clinic.postcode) if part)
    return {
        "name": clinic.name,
        "legal_name": clinic.legal_name,
        "phone": clinic.phone.as_national if clinic.phone else "",
        "email": clinic.email,
        "address": ", ".join(part for part in (clinic.street, town) if part),
    }


def _privacy(clinic: ClinicSettings, own: PolicySettings) -> PrivacyFacts:
    states = {place.state for place in places().values() if place.is_active}
    offered = offered_services()
    minutes = {name: int(getattr(settings, name).total_seconds() // 60) for name in ("STAFF_IDLE", "PATIENT_IDLE")}
    return {
        **_who(clinic),
        "abn": clinic.abn,
        "states": sorted({*states, clinic.state} - {""}),
        "contact_name": own.contact_name,
        "contact_email": own.contact_email,
        "contact_phone": own.contact_phone.as_national if own.contact_phone else "",
        "contact_address": own.contact_address,
        "kinds": kinds_held(),
        "medicare": any(service.medicare for service in offered),
        "video": any(service.video for service in offered),
        "phone_sessions": any(service.phone for service in offered),
        "first_visits": any(service.first_visit_only for service in offered),
        "processors": processors.in_use(own.processors),
        "notice_hours": clinic.notice_hours,
        "horizon_days": clinic.horizon_days,
        "max_open_bookings": clinic.max_open_bookings,
        "cancel_hours": clinic.cancel_hours,
        "late_fee_percent": clinic.late_fee_percent,
        "grace_minutes": clinic.grace_minutes,
        **_own_rules(clinic, offered, own),
        **_own_limits(clinic, offered),
        "cookies": cookies(),
        "session_hours": int(max(settings.STAFF_SESSION, settings.PATIENT_SESSION).total_seconds() // 3600),
        "staff_idle_minutes": minutes["STAFF_IDLE"],
        "patient_idle_minutes": minutes["PATIENT_IDLE"],
        "second_factor": bool(settings.STAFF_SECOND_FACTOR),
        "https": settings.PORTAL_BASE_URL.startswith("https://"),
        "retention_years": own.retention_years,
        "additions": own.privacy_additions,
    }


def _own_rules(clinic: ClinicSettings, offered: Sequence[Service], policy: PolicySettings) -> _OwnRules:
    own = [
        OwnHours(service=service.name, hours=hours)
        for service in offered
        if (hours := rules_of(service, clinic=clinic).cancel_hours) != clinic.cancel_hours
    ]
    told: _OwnRules = {"own_hours": own} if own else {}
    if any(service.online and rules_of(service, clinic=clinic).is_on_request for service in offered):
        told["asked_hours"] = max(int(AFTER_AN_ANSWER.total_seconds()), clinic.grace_minutes * 60) // 3600
    general = rules_of(Service(), clinic=clinic)
    if general.near:
        told["near_hours"], told["near_fee_percent"] = general.near
    own_fees = [_own_fees(service, clinic, policy) for service in offered if _fees_of(service, clinic) != _GENERAL]
    if own_fees:
        told["own_fees"] = own_fees
    if policy.waive_first:
        told["waive_first"] = True
    if policy.charge_after_hours:
        told["charge_after_hours"] = policy.charge_after_hours
    return told


_GENERAL: Final = (None, None, None, None)


def _fees_of(service: Service, clinic: ClinicSettings) -> tuple[int | None, ...]:
    """What a service says of fees by itself, where that differs from the clinic's."""
    own = (service.late_fee_percent, service.near_hours, service.near_fee_percent, service.no_show_percent)
    clinics = (clinic.late_fee_percent, clinic.near_hours, clinic.near_fee_percent, None)
    return tuple(None if mine == general else mine for mine, general in zip(own, clinics, strict=True))


def _own_fees(service: Service, clinic: ClinicSettings, policy: PolicySettings) -> OwnFees:
    rules = rules_of(service, clinic=clinic)
    last = rules.near.percent if rules.near else rules.late_fee_percent
    missed = policy.percent_for_not_coming(last) if rules.no_show_percent is None else rules.no_show_percent
    found = OwnFees(service=service.name, late=rules.late_fee_percent, missed=missed)
    if rules.near:
        found["near_hours"], found["near"] = rules.near
    return found


def _own_limits(clinic: ClinicSettings, offered: Iterable[Service]) -> _OwnLimits:
    """What differs for some services: notice, horizon, most sessions, who books them online, and what is asked for."""
    online = [rules_of(each, clinic=clinic) for each in offered if each.online]
    general = rules_of(Service(), clinic=clinic)
    told: _OwnLimits = {}
    if any((r.notice, r.horizon, r.most_of_service) != (general.notice, general.horizon, None) for r in online):
        told["own_limits"] = True
    if who := sorted({str(rules.who.value) for rules in online} - {WhoBooks.ANYONE.value}):
        told["who_books"] = who
    within = {int(rules.answer_within.total_seconds()) // 3600 for rules in online if rules.is_on_request}
    if within:
        told["answer_hours"] = sorted(within)
    return told


def _fees(clinic: ClinicSettings, own: PolicySettings) -> FeesFacts:
    offered = offered_services()
    late, near = clinic.late_fee_percent, rules_of(Service(), clinic=clinic).near
    return {
        **_who(clinic),
        "cancel_hours": clinic.cancel_hours,
        "late_fee_percent": late,
        "grace_minutes": clinic.grace_minutes,
        **_own_rules(clinic, offered, own),
        "no_show_percent": own.percent_for_not_coming(near.percent if near else late),
        "waiver": own.waiver,
        "payment_terms_days": clinic.payment_terms_days,
        "bank_transfer": bool(clinic.bank_account),
        "card_online": any(each["key"] == "stripe" for each in processors.in_use({})),
        "gst_registered": clinic.gst_registered,
        "taxable": any(service.tax_code == TaxCode.TAXABLE for service in offered),
        "medicare": any(service.medicare for service in offered),
        "additions": own.fees_additions,
    }


# ---- Differences -----------------------------------------------------------------------------------------------------

LABELS = {
    "name": gettext_lazy("The clinic's name"),
    "legal_name": gettext_lazy("Its legal name"),
    "phone": gettext_lazy("Its phone"),
    "email": gettext_lazy("Its e-mail"),
    "address": gettext_lazy("Its address"),
    "abn": gettext_lazy("Its ABN"),
    "states": gettext_lazy("The states it works in"),
    "contact_name": gettext_lazy("Who answers about privacy"),
    "contact_email": gettext_lazy("Their e-mail"),
    "contact_phone": gettext_lazy("Their phone"),
    "contact_address": gettext_lazy("Their postal address"),
    "kinds": gettext_lazy("What the portal keeps"),
    "medicare": gettext_lazy("Services with a Medicare rebate"),
    "video": gettext_lazy("Sessions by video"),
    "phone_sessions": gettext_lazy("Sessions by phone"),
    "first_visits": gettext_lazy("Services for first visits only"),
    "processors": gettext_lazy("Who else handles information"),
    "notice_hours": gettext_lazy("Shortest notice for an online booking, hours"),
    "horizon_days": gettext_lazy("How far ahead people may book, days"),
    "max_open_bookings": gettext_lazy("Most sessions booked online"),
    "cancel_hours": gettext_lazy("Free cancelling until, hours before"),
    "late_fee_percent": gettext_lazy("Fee for cancelling later, percent"),
    "near_hours": gettext_lazy("Another fee for cancelling less than, hours before"),
    "near_fee_percent": gettext_lazy("That fee, percent"),
    "own_fees": gettext_lazy("Services with their own fees for cancelling late and not coming, percent"),
    "waive_first": gettext_lazy("Each patient's first fee of a calendar year is waived"),
    "charge_after_hours": gettext_lazy("The portal decides on fees by itself after, hours"),
    "own_hours": gettext_lazy("Services with their own time for free cancelling, hours before"),
    "own_limits": gettext_lazy("Services with their own notice, reach or most sessions"),
    "answer_hours": gettext_lazy("Requests are answered within, hours"),
    "who_books": gettext_lazy("Services that not everybody books online"),
    "grace_minutes": gettext_lazy("Free cancelling after a late booking, minutes"),
    "asked_hours": gettext_lazy("Free cancelling once a request is confirmed, hours"),
    "no_show_percent": gettext_lazy("Fee for not coming, percent"),
    "waiver": gettext_lazy("When you do without the fee"),
    "payment_terms_days": gettext_lazy("Invoices are due after, days"),
    "bank_transfer": gettext_lazy("Payment by bank transfer"),
    "card_online": gettext_lazy("Payment by card online"),
    "gst_registered": gettext_lazy("Registered for GST"),
    "taxable": gettext_lazy("Services with GST"),
    "cookies": gettext_lazy("Cookies"),
    "session_hours": gettext_lazy("Longest sign-in, hours"),
    "staff_idle_minutes": gettext_lazy("Staff are signed out after, minutes"),
    "patient_idle_minutes": gettext_lazy("Patients are signed out after, minutes"),
    "second_factor": gettext_lazy("Second step for staff"),
    "https": gettext_lazy("Encrypted connections"),
    "retention_years": gettext_lazy("Records are kept, years"),
    "additions": gettext_lazy("Your own words"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is no longer what the policy was made from."""

    key: str
    label: str
    before: str
    after: str


def differences(before: KeptFacts, after: KeptFacts) -> Iterator[Difference]:
    """In the order of the settings; a fact that a version did not know yet counts as not set."""
    for key in [*after, *(gone for gone in before if gone not in after)]:
        if before.get(key) != after.get(key):
            yield Difference(key, str(LABELS.get(key, key)), in_words(before.get(key)), in_words(after.get(key)))


def in_words(value: Any) -> str:
    match value:
        case None | "" | []:
            return _("not set")
        case bool():
            return _("yes") if value else _("no")
        case list():
            return ", ".join(in_words(one) for one in value)
        case {"service": service, "late": late, "missed": missed}:
            near = [f"{value['near']} (< {value['near_hours']})"] if "near" in value else []
            return f"{service}: {' / '.join([str(late), *near, str(missed)])}"
        case {"service": service, "hours": hours}:
            return f"{service}: {hours}"
        case {"key": key, "name": name, "country": country}:
            called = name or str(processors.BY_KEY[key].kind if key in processors.BY_KEY else key)
            return f"{called} ({country})" if country else called
    return str(value)
