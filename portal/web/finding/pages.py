"""What is found while somebody types into the head's box."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal.billing.models import Invoice
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.common.languages.times import date_short
from portal.common.text.normalise import full_name
from portal.common.text.phones import national
from portal.common.text.typed import plain
from portal.common.web.addresses import each
from portal.common.web.htmx import htmx_of
from portal.common.web.search_words import sealed
from portal.patients.forms import SearchForm
from portal.patients.models import Patient, PatientRow
from portal.patients.search import search

_INVOICE = re.compile(r"(?:INV)?[\s-]*([0-9A-F]{8})")
# As many as stand below the box without scrolling. Who is not among them is found by typing on.
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One who fits, as the list says it; `legal_name` is empty where they go by it."""

    url: str
    name: str
    legal_name: str
    born: str
    phone: str


def answer(request: ActorRequest, *, page: str, listing: str, register: str = "", bill: str = "") -> HttpResponse:
    """The first who fit, each leading to `page`; where nobody does, the way to `register` somebody, in rooms that do.

    The whole number of an invoice leads to its page, in rooms that have one (`bill`). Without script, and for who
    presses Enter, it leads there, or to the room's `listing` of those who fit.
    """
    text = SearchForm(request.POST).text
    invoice = invoice_of(text, by=request.actor) if bill else None
    if invoice and htmx_of(request) is None:
        return redirect(bill, number=invoice.number)
    if htmx_of(request) is None:
        return redirect(f"{reverse(listing)}?{urlencode({'q': sealed(text)})}" if text else reverse(listing))
    rows = search(Patient.objects.visible_to(request.actor).for_table(), text, limit=SHOWN + 1) if text else []
    address = each(page)
    context = {
        "text": text,
        "invoice": invoice,
        "invoice_url": reverse(bill, args=[invoice.number]) if invoice else "",
        "count": len(rows[:SHOWN]) + bool(invoice),
        "found": [found(row, address(row.code)) for row in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "register": f"{reverse(register)}?{urlencode({'q': sealed(text)})}" if register and text else "",
    }
    return render(request, "components/_find_results.html", context)


def invoice_of(text: str, *, by: Actor) -> Invoice | None:
    """The invoice whose whole number is typed, with or without what every number begins with."""
    number = _INVOICE.fullmatch(plain(text).upper())
    if number is None:
        return None
    return Invoice.objects.visible_to(by).select_related("patient").filter(number=f"INV-{number[1]}").first()


def found(row: PatientRow, url: str) -> Found:
    """A patient as lists of those who fit show them, leading to an address."""
    called = row.preferred_name or row.legal_first_name
    return Found(
        url=url,
        name=full_name(called, row.legal_last_name),
        legal_name=full_name(row.legal_first_name, row.legal_last_name) if called != row.legal_first_name else "",
        born=date_short(row.date_of_birth),
        phone=national(row.phone_kept) if row.phone_kept else "",
    )
