"""The desk's lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.appointments.models.appointment import NextSession
from portal.billing.models import Payer, Purpose
from portal.billing.models.invoice import badge_of, balance_of, patient_of, psychologist_of, purpose_of
from portal.common.languages.times import clock, date_short, day_short
from portal.common.money import dollars
from portal.common.text.normalise import full_name
from portal.common.text.phones import national
from portal.common.web.addresses import each
from portal.common.web.keyset import KeysetPage
from portal.common.web.search_words import sealed
from portal.common.web.stencils import Stencil
from portal.common.web.tables import ListTable, Row
from portal.patients.models import PatientRow
from portal.web.reception.rows import DeskInvoiceRow


class PatientTable(ListTable[PatientRow]):
    """Who was found, in the order of the search: patients `for_table`, and when each comes next."""

    name = tables.Column(verbose_name=_("Name"), orderable=False)
    born = tables.Column(verbose_name=_("Born"), orderable=False)
    phone = tables.Column(verbose_name=_("Phone"), orderable=False)
    next = tables.Column(verbose_name=_("Next session"), orderable=False)
    actions = tables.Column(verbose_name="", orderable=False, attrs={"td": {"class": "actions"}})

    caption = _("Patients")
    empty_title = _("Nobody found")
    empty_text = _("Check the spelling, or look by phone number or date of birth. Or are they new here?")
    empty_action = _("Register a patient")

    stencil = Stencil("reception/_patient_row.html", holes="page name legal_name born phone written next book")

    class Meta:
        attrs = {"class": "table cards close"}

    def __init__(
        self, found: list[PatientRow], *, typed: str, upcoming: Mapping[int, NextSession], **kwargs: Any
    ) -> None:
        self.upcoming = upcoming
        # With what was typed, which stands in no address in clear.
        register = reverse("reception:new_patient")
        self.empty_url = f"{register}?{urlencode({'q': sealed(typed)})}" if typed else register
        self.page_of, self.booking_of = each("reception:patient"), each("reception:book")
        super().__init__(found, **kwargs)

    def row(self, record: PatientRow) -> Row:
        name = full_name(record.preferred_name or record.legal_first_name, record.legal_last_name)
        legal, called_otherwise = "", bool(record.preferred_name) and record.preferred_name != record.legal_first_name
        if called_otherwise:
            legal = full_name(record.legal_first_name, record.legal_last_name)
        following = self.upcoming.get(record.pk)
        return (
            {"called_otherwise": called_otherwise, "has_phone": bool(record.phone_kept)},
            (
                self.page_of(record.code),
                name,
                legal,
                date_short(record.date_of_birth),
                record.phone_kept,
                record.phone_kept and national(record.phone_kept),
                f"{day_short(*following)}, {clock(*following)}" if following else "",
                self.booking_of(record.code),
            ),
        )


class PayerTable(ListTable[Any]):
    """Those who pay for others; `owes` and `people` are annotated by the view."""

    name = tables.Column(verbose_name=_("Name"), orderable=False)
    kind = tables.Column(verbose_name=_("Kind"), orderable=False)
    email = tables.Column(verbose_name=_("E-mail for bills"), orderable=False)
    people = tables.Column(verbose_name=_("Pays for"), orderable=False, attrs={"td": {"class": "num"}})
    owes = tables.Column(verbose_name=_("Owes"), orderable=False, attrs={"td": {"class": "num"}})

    caption = _("Payers")
    empty_title = _("No payer found")
    empty_text = _("Add whoever pays for somebody else, then choose them on the patient's page.")

    stencil = Stencil("reception/_payer_row.html", holes="page name kind email people owing")

    class Meta:
        attrs = {"class": "table cards close"}

    def row(self, record: Any) -> Row:
        kinds = dict(Payer.Kind.choices)
        return (
            {"active": record.is_active, "owes": bool(record.owes)},
            (
                each("reception:payer")(record.code),
                record.name,
                str(kinds[record.kind]),
                record.email,
                str(record.people),
                dollars(record.owes),
            ),
        )


_FIGURES = {"td": {"class": "num"}, "th": {"class": "num"}}
_UNBROKEN = {"td": {"class": "nowrap"}}
_WHOLE_WORDS = {"td": {"class": "whole-words"}}


class InvoiceTable(ListTable[DeskInvoiceRow]):
    """One page of invoices `for_table`, in an order that the database keeps an index of."""

    ORDERS = ("issued_on", "due_on", "total")
    NEWEST_FIRST = "-issued_on"

    number = tables.Column(verbose_name=_("Invoice"), attrs=_UNBROKEN)
    patient = tables.Column(verbose_name=_("Patient"), attrs=_WHOLE_WORDS)
    psychologist = tables.Column(verbose_name=_("Psychologist"), attrs=_WHOLE_WORDS)
    issued_on = tables.Column(verbose_name=_("Issued"), orderable=True, attrs=_UNBROKEN)
    due_on = tables.Column(verbose_name=_("Due"), orderable=True, attrs=_UNBROKEN)
    standing = tables.Column(verbose_name=_("Status"))
    total = tables.Column(verbose_name=_("Total"), orderable=True, order_by="payable", attrs=_FIGURES)
    balance = tables.Column(verbose_name=_("Owing"), attrs=_FIGURES)

    caption = _("Invoices")
    empty_title = _("No invoice found")

    stencil = Stencil(
        "reception/_invoice_row.html",
        holes="page number purpose patient_page patient payer psychologist issued_on due_on sent payable total balance",
    )

    class Meta:
        template_name = "tables/keyset.html"
        orderable = False
        attrs = {"class": "table cards invoices"}

    def __init__(
        self,
        keyset: KeysetPage[DeskInvoiceRow],
        *,
        order: str,
        today: date,
        sent: Mapping[UUID, str],
        **kwargs: Any,
    ) -> None:
        self.keyset, self.order, self.today, self.sent = keyset, order, today, sent
        # The same few days stand in many rows.
        self.page_of, self.patient_page_of = each("reception:invoice"), each("reception:patient")
        self.day = cache(date_short)
        super().__init__(keyset.rows, order_by=order, **kwargs)

    @classmethod
    def order_in(cls, data: Mapping[str, Any]) -> str:
        """The order that an address asks for, or newest first."""
        asked = data.get("sort", "")
        return asked if asked.removeprefix("-") in cls.ORDERS else cls.NEWEST_FIRST

    @classmethod
    def stored_order_in(cls, data: Mapping[str, Any]) -> str:
        """The same as the database has it: the total that is shown is what credit notes left of it."""
        return cls.order_in(data).replace("total", "payable")

    def row(self, record: DeskInvoiceRow) -> Row:
        first, last = record.patient__legal_first_name, record.patient__legal_last_name
        balance, sent = balance_of(record), self.sent.get(record.code)
        return (
            {
                "is_sent": sent is not None,
                "status": badge_of(record, today=self.today),
                "is_of_session": record.purpose == Purpose.SESSION,
                "is_part_paid": bool(balance) and balance != record.payable,
                "billed_otherwise": record.bill_to_name != full_name(first, last),
                "credited": record.payable != record.total,
            },
            (
                self.page_of(record.number),
                record.number,
                purpose_of(record),
                self.patient_page_of(record.patient__code),
                patient_of(record),
                record.bill_to_name,
                psychologist_of(record),
                self.day(record.issued_on),
                self.day(record.due_on),
                sent or "",
                dollars(record.payable),
                dollars(record.total),
                dollars(balance) if balance else "–",
            ),
        )
