"""Views of the list of invoices that somebody saved: their filters under a name, as links above the list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.billing.actions import saving_views
from portal.billing.models import LONGEST_NAME, MOST_VIEWS, Payer, SavedView
from portal.billing.refusals import NameTaken, TooManyViews
from portal.clinic.models import Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import LineField
from portal.common.languages.times import date_short
from portal.common.money import dollars
from portal.common.web.gone import leads_on_when_gone
from portal.common.web.once import making, once
from portal.web.reception.filters import InvoiceFilter
from portal.web.reception.tables import InvoiceTable
from portal.web.reception.views.invoice_list import chosen_by, query_of

_HERE = "reception:saved_views"


class ViewForm(forms.Form):
    """What a view is called."""

    name = LineField(label=gettext_lazy("Name of the view"), max_length=LONGEST_NAME)

    def is_taken(self) -> None:
        self.add_error("name", _("You have a view of that name already. Choose another."))


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def saved_views(request: ActorRequest) -> HttpResponse:
    """Saves what an address of the list asks for, and shows what was saved before, to rename and to remove."""
    now = timezone.now()
    asked = QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET
    chosen = chosen_by(request, now=now, asked=asked)
    query = query_of(chosen, order=InvoiceTable.order_in(asked))
    form = ViewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not query:
        messages.error(request, _("Choose filters on the list first, then save them."))
        return redirect("reception:invoices")
    if request.method == "POST" and form.is_valid():
        try:
            with making(request, now=now) as made:
                saving_views.save_view(name=form.cleaned_data["name"], query=query, by=request.actor, now=now)
                messages.success(request, _("Saved: it stands above the list."))
                made.leads_to(f"{reverse('reception:invoices')}?{query}")
            return made.answer
        except NameTaken:
            form.is_taken()
        except TooManyViews:
            form.add_error(None, _("You have %(most)d views. Remove one first.") % {"most": MOST_VIEWS})
    return _page(request, form=form, chosen=chosen, query=query)


def _page(
    request: ActorRequest,
    *,
    form: ViewForm | None = None,
    chosen: InvoiceFilter | None = None,
    query: str = "",
    renamed: ViewForm | None = None,
    of: SavedView | None = None,
) -> HttpResponse:
    views = list(SavedView.objects.visible_to(request.actor))
    context = {
        "form": form,
        "query": query,
        "filters": _in_words(chosen) if chosen and query else [],
        "has_days": bool(chosen and query and {"since", "until"} & set(QueryDict(query))),
        "views": [(view, renamed if view == of else None) for view in views],
        "is_full": len(views) >= MOST_VIEWS,
        "most": MOST_VIEWS,
        "longest": LONGEST_NAME,
        "renamed": renamed,
    }
    is_wrong = (form is not None and form.errors) or renamed is not None
    return render(request, "reception/saved_views.html", context, status=422 if is_wrong else 200)


def _in_words(chosen: InvoiceFilter) -> list[tuple[str, str]]:
    """What the list is narrowed by, each as its label and what was chosen."""
    found = []
    unsaid = {"q", "since", "until"} if chosen.form.cleaned_data.get("days") else {"q"}
    for name, value in chosen.form.cleaned_data.items():
        if not value or name in unsaid:
            continue
        field = chosen.form.fields[name]
        label = _("Patient") if name == "patient" else str(field.label)
        found.append((label, _word(field, value)))
    return found


def _word(field: forms.Field, value: Any) -> str:
    match value:
        case date():
            return date_short(value)
        case Decimal():
            return dollars(value)
        case UUID():
            return _("one patient")
        case Psychologist() | Payer():
            return str(value.name)
    return str(dict(getattr(field, "choices", ())).get(value, value))


@allow(Role.RECEPTION, Role.MANAGER)
@leads_on_when_gone(_HERE, SavedView)
@require_POST
def saved_view(request: ActorRequest, code: UUID) -> HttpResponse:
    """Renames one of one's own, or takes it away (`remove`)."""
    view = get_object_or_404(SavedView.objects.visible_to(request.actor), code=code)
    if "remove" in request.POST:
        saving_views.remove_view(view=view)
        messages.success(request, _("“%(name)s” is removed. The invoices stay.") % {"name": view.name})
        return redirect(_HERE)
    form = ViewForm(request.POST)
    if form.is_valid():
        try:
            saving_views.rename_view(view=view, name=form.cleaned_data["name"], by=request.actor)
        except NameTaken:
            form.is_taken()
        else:
            messages.success(request, _("The view is renamed."))
            return redirect(_HERE)
    return _page(request, renamed=form, of=view)
