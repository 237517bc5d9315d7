"""The desk's lists."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.billing.models import Invoice
from portal.common.money import dollars
from portal.common.templatetags.portal import drawn
from portal.common.templatetags.when import date_short
from portal.common.web.cells import TemplateColumn
from portal.common.web.keyset import KeysetPage
from portal.patients.models import Patient


class PatientTable(tables.Table):
    """Who was found, in the order of the search."""

    name = TemplateColumn(template_name="reception/_patient_cell.html", verbose_name=_("Name"), orderable=False)
    born = TemplateColumn("{{ record.date_of_birth|date_short }}", verbose_name=_("Born"), orderable=False)
    phone = TemplateColumn(
        '{% if record.phone %}<a href="tel:{{ record.phone.as_e164 }}">{{ record.phone.as_national }}</a>{% endif %}',
        verbose_name=_("Phone"),
        orderable=False,
    )
    next = TemplateColumn(
        "{% if record.next_at %}{{ record.next_at|day_short:record.next_zone }}, "
        "{{ record.next_at|clock:record.next_zone }}{% endif %}",
        verbose_name=_("Next session"),
        orderable=False,
    )
    actions = TemplateColumn(
        template_name="reception/_patient_actions.html",
        verbose_name="",
        orderable=False,
        attrs={"td": {"class": "actions"}},
    )

    caption = _("Patients")
    empty_title = _("Nobody found")
    empty_text = _("Check the spelling, or look by phone number or date of birth. Somebody new? Register them.")

    class Meta:
        attrs = {"class": "table cards close"}


_FIGURES = {"td": {"class": "num"}, "th": {"class": "num"}}
_UNBROKEN = {"td": {"class": "nowrap"}}


class InvoiceTable(tables.Table):
    """One page of invoices, in an order that the database keeps an index of."""

    ORDERS = ("issued_on", "due_on", "total")
    NEWEST_FIRST = "-issued_on"

    number = tables.Column(
        verbose_name=_("Invoice"), linkify=("reception:invoice", {"number": tables.A("number")}), attrs=_UNBROKEN
    )
    patient = tables.Column(verbose_name=_("Patient"))
    psychologist = tables.Column(verbose_name=_("Psychologist"))
    issued_on = tables.Column(verbose_name=_("Issued"), orderable=True, attrs=_UNBROKEN)
    due_on = tables.Column(verbose_name=_("Due"), orderable=True, attrs=_UNBROKEN)
    standing = tables.Column(verbose_name=_("Status"), empty_values=())
    total = tables.Column(verbose_name=_("Total"), orderable=True, attrs=_FIGURES)
    balance = tables.Column(verbose_name=_("Owing"), attrs=_FIGURES)

    caption = _("Invoices")
    empty_title = _("No invoice found")

    class Meta:
        template_name = "tables/keyset.html"
        orderable = False
        attrs = {"class": "table cards close"}

    def __init__(self, keyset: KeysetPage, *, order: str, today: date, **kwargs: Any) -> None:
        self.keyset, self.order, self.today = keyset, order, today
        super().__init__(keyset.rows, order_by=order, **kwargs)

    @classmethod
    def order_in(cls, data: Any) -> str:
        """The order that an address asks for, or newest first."""
        asked = data.get("sort", "")
        return asked if asked.removeprefix("-") in cls.ORDERS else cls.NEWEST_FIRST

    def render_patient(self, value: Patient, record: Invoice) -> str:
        if record.bill_to_name == value.legal_name:
            return value.name
        return format_html('{}<br><span class="soft">{}</span>', value.name, _("to %s") % record.bill_to_name)

    def render_issued_on(self, value: date) -> str:
        return date_short(value)

    def render_due_on(self, value: date) -> str:
        return date_short(value)

    def render_standing(self, record: Invoice) -> str:
        return drawn("components/_invoice_status.html", status=record.badge(today=self.today))

    def render_total(self, value: Any) -> str:
        return dollars(value)

    def render_balance(self, value: Any) -> str:
        return dollars(value) if value else "–"
