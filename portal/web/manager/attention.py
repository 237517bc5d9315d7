"""What a manager should look at: read-only, and a fixed number of queries however large the clinic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import Invitation, PendingGrant, User
from portal.accounts.roles import Role
from portal.appointments.joining_for_staff import is_booked_without_a_way
from portal.appointments.models import Appointment, WorkingHours
from portal.clinic import kept as clinic_kept
from portal.clinic import own_fees
from portal.clinic.models import ClinicSettings, ProviderNumber, Psychologist
from portal.common.access.actors import Actor
from portal.common.kept import kept
from portal.common.money import dollars
from portal.medicare import ages
from portal.notifications.models import Notice
from portal.notifications.wording import standing
from portal.patients.models import Patient
from portal.policies import publishing
from portal.policies.models import PolicyKind
from portal.reports import owing
from portal.website import crisis

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _What(TypedDict):
        has_hours: bool
        has_number: bool

    _Looked = WithAnnotations[Psychologist, _What]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to look at; `tone` is that of a note box."""

    text: str
    url: str
    action: str
    tone: str = "warm"


def points(*, clinic: ClinicSettings, by: Actor, now: datetime) -> list[Point]:
    """The most pressing first."""
    found = [*_to_confirm(by), *_unsent(), *_unsafe(), *_unfinished(clinic), *_untrue(), *_unbookable()]
    return [
        *found,
        *_not_sent(),
        *_fees(by, now),
        *_late_reports(now),
        *_unchecked(now),
        *_old_schedule(clinic, now),
        *_unanswered(now),
    ]


def _old_schedule(clinic: ClinicSettings, now: datetime) -> list[Point]:
    """Medicare's fees and limits that nobody has looked at for a year."""
    if not ages.is_anything_old(today=clinic.today(now)):
        return []
    text = _("Some of Medicare's fees or limits are older than 12 months. Rebates may be wrong by now.")
    return [Point(text, reverse("manager:medicare"), _("Look at them"))]


def _to_confirm(by: Actor) -> list[Point]:
    """Roles that another manager gave, and that wait for this one."""
    waiting = PendingGrant.objects.outstanding().exclude(asked_by=by.person).exclude(user=by.person)
    return [
        Point(
            _("%(manager)s gave %(name)s the role: %(role)s. It waits for you to confirm it.")
            % {"manager": one.asked_by.name, "name": one.user.name, "role": one.get_role_display()},
            reverse("manager:confirm_role", args=[one.code]),
            _("Look and confirm"),
        )
        for one in waiting.select_related("user", "asked_by")[:MOST_NAMED]
    ]


def _unsent() -> list[Point]:
    n = Notice.objects.needing_eyes().count()
    if not n:
        return []
    text = ngettext("%(n)d e-mail may not have arrived.", "%(n)d e-mails may not have arrived.", n) % {"n": n}
    return [Point(text, reverse("manager:mail"), _("See them"), "danger")]


def _unsafe() -> list[Point]:
    staff = User.objects.staff().active().without_second_factor()
    n = staff.count()
    if not n:
        return []
    text = ngettext(
        "%(n)d member of staff has no second step for signing in.",
        "%(n)d members of staff have no second step for signing in.",
        n,
    ) % {"n": n}
    if settings.STAFF_SECOND_FACTOR:
        text += " " + _("They are asked for it before they see anything.")
    return [Point(text, reverse("manager:staff"), _("See who"))]


def _unfinished(clinic: ClinicSettings) -> list[Point]:
    missing = [
        words
        for words, value in [
            (_("ABN"), clinic.abn),
            (_("address"), clinic.street and clinic.suburb),
            (_("phone"), clinic.phone),
            (_("e-mail"), clinic.email),
            (_("bank account"), clinic.bank_account),
        ]
        if not value
    ]
    found = []
    if missing:
        text = _("Invoices and letters lack: %(missing)s.") % {"missing": ", ".join(missing)}
        found.append(Point(text, reverse("manager:settings"), _("Settings")))
    if not any(place.is_active for place in clinic_kept.places().values()):
        found.append(Point(_("There is no location yet."), reverse("manager:add_location"), _("Add a location")))
    if not clinic_kept.services_online():
        found.append(Point(_("No service can be booked online."), reverse("manager:services"), _("Services")))
    return found


def _untrue() -> list[Point]:
    """Policies that are not published, or that say what no longer holds: the law asks for both."""
    url = reverse("manager:policies")
    found = []
    for drift in publishing.drifts():
        name = PolicyKind(drift.kind).label
        if drift.is_unpublished:
            text = _("Not published yet: %(policy)s.") % {"policy": name}
            found.append(Point(text, url, _("Read and publish")))
        elif drift.is_untrue:
            text = _("No longer matches the settings: %(policy)s. Changed: %(changed)s.")
            found.append(Point(text % {"policy": name, "changed": drift.in_words}, url, _("See what changed")))
    return found


def _not_sent() -> list[Point]:
    """Own words that name a service by now, or say what no notice may: the standard words go in their place."""
    n = sum(1 for own in standing.everything().values() if own.faults)
    if not n:
        return []
    text = ngettext(
        "%(n)d notice goes in the standard words: yours may not be sent any more.",
        "%(n)d notices go in the standard words: yours may not be sent any more.",
        n,
    ) % {"n": n}
    return [Point(text, reverse("manager:wording"), _("See which"))]


# More names than this would hide the rest; the list of staff has them all.
MOST_NAMED = 5


def _unbookable() -> list[Point]:
    """Psychologists whom something keeps from being booked, or their patients from their rebate."""
    has_profile = Exists(Psychologist.objects.filter(user=OuterRef("pk")))
    users = User.objects.holding(Role.PSYCHOLOGIST).active().filter(~has_profile)
    found = [
        Point(
            _("%(name)s is a psychologist without a profile.") % {"name": user.name},
            reverse("manager:profile", args=[user.code]),
            _("Make the profile"),
        )
        for user in users.only("code", "first_name", "last_name", "email")[:MOST_NAMED]
    ]
    for psychologist in _lacking()[:MOST_NAMED]:
        missing = [
            words
            for words, is_missing in [
                (_("working hours"), psychologist.hours),
                (_("AHPRA number"), psychologist.ahpra_number),
                (_("provider number"), psychologist.provider_number),
            ]
            if is_missing
        ]
        text = _("%(name)s has no %(missing)s.") % {"name": psychologist.name, "missing": ", ".join(missing)}
        found.append(Point(text, reverse("manager:profile", args=[psychologist.account]), _("Profile")))
    return found + _without_a_way()


def _without_a_way() -> list[Point]:
    """Psychologists whom people can book by video, and whom nobody could join."""
    people = [one for one in clinic_kept.psychologists().values() if is_booked_without_a_way(one)][:MOST_NAMED]
    users = User.objects.filter(pk__in=[one.user_id for one in people])
    accounts = dict(users.values_list("pk", "code")) if people else {}
    words = _("%(name)s can be booked by video, but nobody could join: no link stands in their profile.")
    return [
        Point(words % {"name": one.name}, reverse("manager:profile", args=[accounts[one.user_id]]), _("Profile"))
        for one in people
    ]


class Lacking(NamedTuple):
    """A psychologist, by the code of their account, and what they have none of."""

    name: str
    account: UUID
    hours: bool
    ahpra_number: bool
    provider_number: bool


@kept(Psychologist, User, WorkingHours, ProviderNumber)
def _lacking() -> Sequence[Lacking]:
    rows = (
        Psychologist.objects.practising()
        .select_related("user")
        .annotate(
            has_hours=Exists(WorkingHours.objects.filter(psychologist=OuterRef("pk"))),
            has_number=Exists(ProviderNumber.objects.filter(psychologist=OuterRef("pk"))),
        )
    )
    found = (
        Lacking(
            name=row.name,
            account=row.user.code,
            hours=row.accepting_patients and not row.has_hours,
            ahpra_number=not row.ahpra_number,
            provider_number=not row.has_number,
        )
        for row in cast("Iterable[_Looked]", rows)
    )
    return [each for each in found if each.hours or each.ahpra_number or each.provider_number]


def _fees(by: Actor, now: datetime) -> list[Point]:
    """Fees that psychologists changed within a week: the website shows them already."""
    changed = own_fees.changed_by_themselves(clinic_kept.psychologists().values(), reader=by, now=now)[:MOST_NAMED]
    if not changed:
        return []
    whose = {
        row.code: row
        for row in Psychologist.objects.filter(code__in={one.psychologist for one in changed}).select_related("user")
    }
    services = {service.code: service.name for service in clinic_kept.services().values()}
    words = _("%(name)s changed a fee: %(service)s, %(before)s → %(after)s.")
    return [
        Point(
            words
            % {
                "name": whose[one.psychologist].name,
                "service": services.get(one.service, ""),
                "before": dollars(one.before),
                "after": dollars(one.after),
            },
            reverse("manager:profile", args=[whose[one.psychologist].user.code]),
            _("Profile"),
            "sky",
        )
        for one in changed
    ]


def _late_reports(now: datetime) -> list[Point]:
    """Reports that referrers wait for since three weeks: how many, never whose."""
    n = owing.reports_owed(now=now, late=True)
    if not n:
        return []
    text = ngettext(
        "%(n)d report to a referrer is owed for three weeks. Its psychologist finds it among their things to do.",
        "%(n)d reports to referrers are owed for three weeks. Their psychologists find them among their things to do.",
        n,
    ) % {"n": n}
    return [Point(text, reverse("manager:to_do"), _("See what waits"))]


def _unchecked(now: datetime) -> list[Point]:
    """Crisis lines whose numbers nobody has looked at for half a year, or ever."""
    n = len(crisis.unchecked(today=ClinicSettings.current().today(now)))
    if not n:
        return []
    text = ngettext(
        "%(n)d crisis line on the website is to be checked: nobody has looked at it for half a year, or ever.",
        "%(n)d crisis lines on the website are to be checked: nobody has looked at them for half a year, or ever.",
        n,
    ) % {"n": n}
    return [Point(text, reverse("manager:crisis_lines"), _("Check them"))]


def _unanswered(now: datetime) -> list[Point]:
    n = Invitation.objects.outstanding().filter(expires_at__lte=now).count()
    if not n:
        return []
    text = ngettext("%(n)d invitation ran out.", "%(n)d invitations ran out.", n) % {"n": n}
    return [Point(text, reverse("manager:staff"), _("Send again"), "sky")]


def figures(*, now: datetime) -> list[dict[str, Any]]:
    live = Appointment.objects.live()
    week = live.filter(starts_at__gte=now, starts_at__lt=now + timedelta(days=7))
    return [
        {"label": _("sessions in the next seven days"), "value": week.count()},
        {"label": _("people in care"), "value": Patient.objects.count()},
        {
            "label": _("psychologists"),
            "value": len(clinic_kept.practising()),
            "url": reverse("manager:staff"),
        },
        {
            "label": _("services offered"),
            "value": len(clinic_kept.offered_services()),
            "url": reverse("manager:services"),
        },
    ]
