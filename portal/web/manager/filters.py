from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Entry, EntryQuerySet
from portal.common.access.actors import SYSTEM
from portal.common.forms.fields import DateField
from portal.common.forms.spans import SpanOfDays

# The nouns of the verbs, as people say them.
NOUNS = [
    ("account", _("Accounts and sign-in")),
    ("role", _("Roles")),
    ("invitation", _("Invitations")),
    ("patient", _("Patients")),
    ("carer", _("Carers")),
    ("appointment", _("Appointments")),
    ("series", _("Series of appointments")),
    ("times", _("Times offered for a move")),
    ("waitlist", _("The waitlist")),
    ("note", _("Progress notes")),
    ("measure", _("Outcome measures")),
    ("measures", _("Pages of measures")),
    ("measure_plan", _("Planned measures")),
    ("alert", _("Answers to look at")),
    ("report", _("Reports to referrers")),
    ("referral", _("Referrals")),
    ("referral_letter", _("Referrals' letters")),
    ("referrer", _("The register of referrers")),
    ("schedule", _("The Medicare schedule")),
    ("invoice", _("Invoices")),
    ("invoices", _("Lists of invoices")),
    ("bulk", _("Many invoices at once")),
    ("bill_link", _("Links to pay a bill")),
    ("payer", _("Who pays for others")),
    ("payment", _("Payments")),
    ("taking", _("Takings at the desk")),
    ("receipt", _("Receipts")),
    ("statement", _("Statements of account")),
    ("online_payment", _("Card payments online")),
    ("saved_card", _("Cards on file")),
    ("online_trouble", _("Card payments in doubt")),
    ("card_refund", _("Refunds to cards")),
    ("payment_plan", _("Payment plans")),
    ("reminders", _("Invoices that nobody is reminded of")),
    ("debtors", _("Lists of who owes")),
    ("day", _("Closed days at the desk")),
    ("books", _("Files for the accounts")),
    ("pay_share", _("What psychologists are paid by")),
    ("fee", _("Waived fees")),
    ("to_do", _("The to-do list")),
    ("notice", _("E-mails")),
    ("thread", _("Conversations")),
    ("message", _("Messages")),
    ("hours", _("Weekly hours")),
    ("time_slot", _("Time away and extra hours")),
    ("closure", _("Closed days")),
    ("calendar_feed", _("Private calendar addresses")),
    ("outside_calendar", _("Outside calendars")),
    ("article", _("Articles")),
    ("category", _("Categories of articles")),
    ("tag", _("Tags")),
    ("resource", _("Files")),
    ("clinic", _("Settings")),
    ("service", _("Services")),
    ("location", _("Locations")),
    ("room", _("Rooms")),
    ("psychologist", _("Profiles")),
    ("psychologist_fee", _("Psychologists' own fees")),
    ("provider_number", _("Provider numbers")),
    ("specialisation", _("Specialisations")),
    ("language", _("Languages of sessions")),
    ("policy", _("Policies")),
    ("reminder_stages", _("Payment reminders")),
    ("policy_settings", _("What policies say")),
    ("crisis_line", _("Crisis lines")),
    ("site_text", _("Words of the website")),
    ("notice_wording", _("Words of notices")),
]
_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)
ROLES = [*Role.choices, (SYSTEM, _("The portal itself"))]


class DayFilter(django_filters.Filter):
    field_class = DateField


class TrailFilter(django_filters.FilterSet):
    """Days are the clinic's: `zone` says where it is."""

    who = django_filters.ModelChoiceFilter(
        label=_("Who"),
        queryset=User.objects.staff_ever().order_by("first_name", "last_name"),
        to_field_name="code",
        method="done_by",
        empty_label=_("Everybody"),
    )
    role = django_filters.ChoiceFilter(
        label=_("Acting as"), field_name="actor_role", choices=ROLES, empty_label=_("Anything")
    )
    what = django_filters.ChoiceFilter(label=_("What"), choices=NOUNS, method="of_noun", empty_label=_("Everything"))
    since = DayFilter(label=_("From"), method="from_day", picker=True)
    until = DayFilter(label=_("To"), method="to_day", picker=True)
    about = django_filters.UUIDFilter(method="about_code", widget=forms.HiddenInput)

    class Meta:
        model = Entry
        form = SpanOfDays
        fields = ("who", "role", "what", "since", "until", "about")

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def done_by(self, entries: EntryQuerySet, name: str, user: User) -> QuerySet[Entry]:
        return entries.done_by(user.pk)

    def of_noun(self, entries: QuerySet[Entry], name: str, noun: str) -> QuerySet[Entry]:
        return entries.filter(verb__startswith=f"{noun}.")

    def from_day(self, entries: QuerySet[Entry], name: str, day: date) -> QuerySet[Entry]:
        return entries.filter(at__gte=self._midnight(day))

    def to_day(self, entries: QuerySet[Entry], name: str, day: date) -> QuerySet[Entry]:
        """The day itself is in it."""
        return entries.filter(at__lt=self._midnight(day) + timedelta(days=1))

    def about_code(self, entries: QuerySet[Entry], name: str, code: Any) -> QuerySet[Entry]:
        return entries.filter(target_code=str(code))

    def _midnight(self, day: date) -> datetime:
        # Years that no clock reaches in every zone can be typed too.
        return datetime.combine(min(max(day, _FIRST), _LAST), time.min, tzinfo=self.zone)
