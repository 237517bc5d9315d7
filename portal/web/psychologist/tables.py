from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import django_tables2 as tables
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from portal.common.languages.times import date_short, day_dated
from portal.common.text.normalise import full_name
from portal.common.text.phones import national
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.common.web.tables import ListTable, Row
from portal.patients.models import Patient, PatientRow

_UNBROKEN = {"td": {"class": "nowrap"}}


class TreatedRow(PatientRow, Protocol):
    """Somebody in one's care, `for_table`, with what the view annotates."""

    last_seen: datetime | None
    next_session: datetime | None
    unsigned: int


Treated = QuerySet[Patient, TreatedRow]


class PatientTable(ListTable[TreatedRow]):
    """People in one's care."""

    name = tables.Column(verbose_name=_("Name"), order_by=("legal_last_name", "legal_first_name", "pk"))
    phone = tables.Column(verbose_name=_("Phone"), orderable=False)
    last_seen = tables.Column(verbose_name=_("Last seen"), attrs=_UNBROKEN)
    next_session = tables.Column(verbose_name=_("Next session"), attrs=_UNBROKEN)
    unsigned = tables.Column(verbose_name=_("Notes"))

    caption = _("Your patients")
    empty_title = _("Nobody here")

    stencil = Stencil(
        "psychologist/_patient_row.html", holes="page name pronouns born phone written last_seen next_session"
    )

    class Meta:
        model = Patient
        fields = ("name", "phone", "last_seen", "next_session", "unsigned")
        order_by = "name"

    def __init__(self, *args: Any, zone: ZoneInfo, empty_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.empty_text = empty_text

    def row(self, record: TreatedRow) -> Row:
        phone = record.phone_kept
        return (
            {
                "has_pronouns": bool(record.pronouns),
                "has_phone": bool(phone),
                "was_seen": bool(record.last_seen),
                "comes_next": bool(record.next_session),
                "unsigned": record.unsigned,
            },
            (
                each("psychologist:patient")(record.code),
                full_name(record.preferred_name or record.legal_first_name, record.legal_last_name),
                record.pronouns,
                date_short(record.date_of_birth),
                phone,
                phone and national(phone),
                self._day(record.last_seen),
                self._day(record.next_session),
            ),
        )

    def _day(self, moment: datetime | None) -> str:
        return day_dated(moment, self.zone) if moment else ""

    def order_last_seen(self, queryset: Treated, is_descending: bool) -> tuple[Treated, bool]:
        return _dated(queryset, "last_seen", is_descending), True

    def order_next_session(self, queryset: Treated, is_descending: bool) -> tuple[Treated, bool]:
        return _dated(queryset, "next_session", is_descending), True


def _dated(queryset: Treated, name: str, is_descending: bool) -> Treated:
    """Those without a date come last, whichever way."""
    by = F(name).desc(nulls_last=True) if is_descending else F(name).asc(nulls_last=True)
    return queryset.order_by(by, "legal_last_name", "legal_first_name", "pk")
