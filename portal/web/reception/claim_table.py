"""The desk's list of claims."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from portal.billing.models import ClaimStatus
from portal.billing.models.claim import ClaimRow
from portal.clinic.models.psychologists import titled
from portal.common.languages.times import date_short, local_day
from portal.common.money import dollars
from portal.common.text.normalise import full_name
from portal.common.web.addresses import each
from portal.common.web.keyset import KeysetPage
from portal.common.web.stencils import Stencil
from portal.common.web.tables import ListTable, Row

_FIGURES = {"td": {"class": "num"}, "th": {"class": "num"}}
_UNBROKEN = {"td": {"class": "nowrap"}}


class ClaimTable(ListTable[ClaimRow]):
    """One page of claims `for_table`, the oldest session first."""

    pick = tables.Column(verbose_name=_("Choose"))
    patient = tables.Column(verbose_name=_("Patient"))
    day = tables.Column(verbose_name=_("Session"), attrs=_UNBROKEN)
    item = tables.Column(verbose_name=_("Item"))
    psychologist = tables.Column(verbose_name=_("Psychologist"), attrs=_UNBROKEN)
    invoice = tables.Column(verbose_name=_("Invoice"), attrs=_UNBROKEN)
    status = tables.Column(verbose_name=_("Status"))
    benefit = tables.Column(verbose_name=_("Benefit"), attrs=_FIGURES)

    caption = _("Claims")
    empty_title = _("No claim found")

    stencil = Stencil(
        "reception/_claim_row.html", holes="code page patient day item psychologist invoice number benefit exported why"
    )

    class Meta:
        template_name = "tables/keyset.html"
        orderable = False
        attrs = {"class": "table cards claims close"}

    def __init__(self, keyset: KeysetPage[ClaimRow], *, held: Mapping[UUID, list[str]], **kwargs: Any) -> None:
        self.keyset, self.held = keyset, held
        self.page_of, self.invoice_of = each("reception:claim"), each("reception:invoice")
        # The same few days stand in many rows.
        self.written = cache(date_short)
        super().__init__(keyset.rows, **kwargs)

    def row(self, record: ClaimRow) -> Row:
        first = record.patient__preferred_name or record.patient__legal_first_name
        name = full_name(
            record.line__invoice__psychologist__user__first_name, record.line__invoice__psychologist__user__last_name
        )
        return (
            {
                "status": record.status,
                "is_open": record.status in (ClaimStatus.PENDING, ClaimStatus.SENT),
                "is_bulk": record.line__invoice__bulk_billed,
                "is_exported": record.exported_at is not None,
                # What was claimed is past that.
                "is_held": record.status == ClaimStatus.PENDING and record.code in self.held,
            },
            (
                record.code,
                self.page_of(record.code),
                full_name(first, record.patient__legal_last_name),
                self.written(record.service_date),
                record.item_number,
                titled(record.line__invoice__psychologist__title, name),
                self.invoice_of(record.line__invoice__number),
                record.line__invoice__number,
                dollars(record.amount if record.amount is not None else record.line__benefit),
                self.written(local_day(record.exported_at, record.line__invoice__location__time_zone))
                if record.exported_at
                else "",
                " ".join(self.held.get(record.code, ())),
            ),
        )
