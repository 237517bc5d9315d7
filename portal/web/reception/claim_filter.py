"""What the desk's list of claims is narrowed by."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import cast

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.billing.models import ClaimStatus, MedicareClaim
from portal.billing.models.claim import ClaimRow, MedicareClaimQuerySet
from portal.clinic.models import Psychologist
from portal.common.forms.spans import SpanOfDays
from portal.web.reception.filters import DayFilter

OPEN, EVERY = "open", "all"
# Online claims are not accepted for services over two years old (docs/australia.md): by then it is late.
AGES = [("14", _("Over two weeks")), ("60", _("Over two months")), ("365", _("Over a year")), ("640", _("21 months"))]


class ClaimFilter(django_filters.FilterSet):
    """By where it stands, psychologist, date of service, age and file. Those that wait for an answer, unless said."""

    status = django_filters.ChoiceFilter(
        label=_("Status"),
        choices=[*ClaimStatus.choices, (EVERY, _("All"))],
        empty_label=_("All that are open"),
        method="stand",
    )
    psychologist = django_filters.ModelChoiceFilter(
        label=_("Psychologist"),
        field_name="line__invoice__psychologist",
        queryset=Psychologist.objects.select_related("user"),
        to_field_name="slug",
        empty_label=_("All"),
    )
    since = DayFilter(label=_("Sessions from"), field_name="service_date", lookup_expr="gte", picker=True)
    until = DayFilter(label=_("Sessions until"), field_name="service_date", lookup_expr="lte", picker=True)
    age = django_filters.ChoiceFilter(label=_("How long ago"), choices=AGES, empty_label=_("Any"), method="older")
    file = django_filters.ChoiceFilter(
        label=_("File"),
        choices=[("no", _("In no file yet")), ("yes", _("In a file"))],
        empty_label=_("Any"),
        method="in_a_file",
    )
    billed = django_filters.ChoiceFilter(
        label=_("Billed"),
        choices=[("bulk", _("Bulk billed")), ("patient", _("To the patient"))],
        empty_label=_("Any"),
        method="in_bulk",
    )
    patient = django_filters.UUIDFilter(field_name="patient__code", widget=forms.HiddenInput)

    class Meta:
        model = MedicareClaim
        form = SpanOfDays
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, queryset: MedicareClaimQuerySet, today: date) -> None:
        super().__init__(data, queryset=queryset)
        self.today = today

    @property
    def claims(self) -> MedicareClaimQuerySet:
        """What was asked for."""
        found = cast(MedicareClaimQuerySet, self.qs)
        return found if self.form.is_valid() and self.form.cleaned_data.get("status") else found.open()

    @property
    def rows(self) -> QuerySet[MedicareClaim, ClaimRow]:
        """The same as the table shows it."""
        return self.claims.for_table()

    @property
    def narrows(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.is_bound and any(self.form.cleaned_data.get(name) for name in self.filters))

    def stand(self, claims: MedicareClaimQuerySet, name: str, value: str) -> MedicareClaimQuerySet:
        return claims if value == EVERY else claims.filter(status=value)

    def older(self, claims: MedicareClaimQuerySet, name: str, value: str) -> MedicareClaimQuerySet:
        return claims.filter(service_date__lt=self.today - timedelta(days=int(value)))

    def in_bulk(self, claims: MedicareClaimQuerySet, name: str, value: str) -> MedicareClaimQuerySet:
        return claims.filter(line__invoice__bulk_billed=value == "bulk")

    def in_a_file(self, claims: MedicareClaimQuerySet, name: str, value: str) -> MedicareClaimQuerySet:
        return claims.filter(exported_at__isnull=value == "no")


def page_asked(asked: str) -> str:
    """Which page of the list an address asks for; one that names no claim is the first."""
    _direction, _sign, name = asked.partition("-")
    try:
        uuid.UUID(name)
    except ValueError:
        return ""
    return asked
