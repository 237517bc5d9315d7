"""What psychologists are paid: everybody's part, one person's statement, and its paper."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.models import PayShare
from portal.clinic.kept import psychologists
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import DateField, PartsField
from portal.common.web.once import making, once
from portal.common.web.spans import Span
from portal.reports.remuneration import statement


class PercentField(PartsField):
    """Percent as people type them: `65`, `62.5`, `62.5%`."""

    default_error_messages = {
        "invalid": gettext_lazy("Write a percentage, such as 65 or 62.5."),
        "grouping": gettext_lazy("Write parts of a per cent after a point, such as 62.5."),
        "min_value": gettext_lazy("It can't be below zero."),
        "max_value": gettext_lazy("It can't be above 100."),
        "max_decimal_places": gettext_lazy("Write no more than two digits after the point."),
    }

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().removesuffix("%") if isinstance(value, str) else value)


class PartForm(forms.Form):
    """A part from a day on."""

    percent = PercentField(
        label=gettext_lazy("Part in percent"),
        max_value=Decimal(100),
        help_text=gettext_lazy("Of what was received for their sessions, without GST."),
    )
    from_day = DateField(label=gettext_lazy("From"), picker=True)

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, initial={"from_day": today.replace(day=1)})

    def clean_from_day(self) -> date:
        day: date = self.cleaned_data["from_day"]
        if not 2000 <= day.year <= 2100:
            raise ValidationError(_("Look at the year."), code="odd")
        return day


def _span(request: HttpRequest) -> Span:
    return Span.read(request, today=ClinicSettings.current().today(timezone.now()))


def _whose(slug: str) -> Psychologist:
    found = next((one for one in psychologists().values() if one.slug == slug), None)
    if found is None:
        raise Http404
    return found


@allow(Role.MANAGER)
@require_safe
def everybody(request: ActorRequest) -> HttpResponse:
    """Each psychologist, what came in for their work in some days, and their part of it."""
    span = _span(request)
    found = [statement(one, span.first, span.last) for one in psychologists().values()]
    shown = [one for one in found if one.lines or one.psychologist.user.is_active]
    shown.sort(key=lambda one: one.psychologist.name)
    context = {"span": span, "statements": shown, "together": sum((one.part for one in shown), Decimal(0))}
    return render(request, "manager/remuneration.html", context)


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: ActorRequest, slug: str) -> HttpResponse:
    """One person's statement, and the parts that were said for them."""
    who, span, now = _whose(slug), _span(request), timezone.now()
    form = PartForm(request.POST if request.method == "POST" else None, today=span.today)
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            actions.set_share(psychologist=who, **form.cleaned_data, by=request.actor, now=now)
            made.leads_to(f"{reverse('manager:remuneration_of', args=[slug])}?{span.query}")
        messages.success(request, _("The part is set. What was said before stays below."))
        return made.answer
    context = {
        "span": span,
        "statement": statement(who, span.first, span.last),
        "shares": PayShare.objects.filter(psychologist=who).select_related("said_by").order_by("-from_day", "-pk"),
        "form": form,
        "pdf_url": f"{reverse('manager:remuneration_pdf', args=[slug])}?{span.query}",
    }
    return render(request, "manager/remuneration_of.html", context, status=422 if form.errors else 200)


@allow(Role.MANAGER)
@require_safe
def pdf(request: ActorRequest, slug: str) -> HttpResponse:
    """The statement on paper."""
    from portal.common.paper.pdf import render_pdf  # it brings the PDF library, which is slow to load

    who, span = _whose(slug), _span(request)
    context = {"statement": statement(who, span.first, span.last), "clinic": ClinicSettings.current()}
    name = f"remuneration-{who.slug}-{span.first}-{span.last}.pdf"
    return HttpResponse(
        render_pdf("pdf/remuneration.html", context),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )
