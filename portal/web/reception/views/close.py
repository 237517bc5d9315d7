"""The day as it ends, of one place: looked over, counted, closed by a person, and printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.models import DayClose, Method
from portal.billing.refusals import CloseRefused, TakingsChanged, Unexplained
from portal.billing.takings import last_close
from portal.clinic.kept import places
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import clock, date_short
from portal.common.web.htmx import redirect_to
from portal.reports.closing import Sheet, changed_since, day_to_close, read_close
from portal.web.reception.close_forms import CloseForm


@dataclass(frozen=True)
class _Asked:
    """Which day of which place an address means."""

    place: Location
    day: date
    today: date
    now: datetime

    @classmethod
    def read(cls, request: HttpRequest, *, now: datetime) -> _Asked:
        slug, used = request.GET.get("at", ""), [place for place in places().values() if place.is_active]
        among = [place for place in places().values() if place.slug == slug] if slug else used
        if not among:
            raise Http404
        place = among[0]
        today = place.day_of(now)
        try:
            day = date.fromisoformat(request.GET.get("day", ""))
        except ValueError:
            day = day_to_close(place, now=now, last=last_close(place))
        # No day before the portal's own time, and none that is still to come.
        return cls(place, min(max(day, date(2000, 1, 2)), today), today, now)

    @property
    def query(self) -> str:
        return f"?at={self.place.slug}&day={self.day:%Y-%m-%d}"

    def closed(self, actor: Actor) -> DayClose | None:
        """The close of that day, if somebody has closed it."""
        found = DayClose.objects.visible_to(actor).filter(location=self.place.pk, day=self.day)
        return found.select_related("closed_by").first()

    def next_to_close(self) -> date:
        """The day whose close lists what is changed of this one: the one closed after it, or the one to be closed."""
        later = DayClose.objects.filter(location=self.place.pk, day__gt=self.day).order_by("day").first()
        return later.day if later else day_to_close(self.place, now=self.now, last=last_close(self.place))

    def sheet(self, actor: Actor) -> Sheet:
        return read_close(actor, self.place, self.day, clinic=ClinicSettings.current(), now=self.now)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: ActorRequest) -> HttpResponse:
    """What is left to do today, what came in, and the drawer; one press closes it."""
    asked = _Asked.read(request, now=timezone.now())
    if closed := asked.closed(request.actor):
        if request.method == "POST":
            _say_closed(request, asked, closed)
            return redirect_to(request, f"{reverse('reception:close')}{asked.query}")
        context = _context(asked, sheet=closed.sheet, closed=closed)
        clinic = context["clinic"]
        context["changed"] = changed_since(request.actor, asked.place, closed, clinic=clinic, now=asked.now)
        context["next_day"] = asked.next_to_close()
        return render(request, "reception/close.html", context)
    sheet = asked.sheet(request.actor)
    data = request.POST if request.method == "POST" else None
    form = CloseForm(data, takings=sheet.takings, last=sheet.last, unfinished=sheet.unfinished)
    if data is not None and data.get("seen") != sheet.takings.seen_as:
        # Beside whatever else is missing: all of it is asked for at one time.
        form.full_clean()
        form.shown_anew(sheet.takings)
    if data is not None and form.is_valid():
        try:
            actions.close_day(
                place=asked.place,
                day=asked.day,
                **form.cleaned_data,
                sheet=sheet.as_kept(),
                by=request.actor,
                now=asked.now,
            )
        except CloseRefused as refused:
            _say_closed(request, asked, refused.close)
            return redirect_to(request, f"{reverse('reception:close')}{asked.query}")
        except TakingsChanged:
            sheet = asked.sheet(request.actor)
            form.shown_anew(sheet.takings)
        except Unexplained as refused:
            form.unexplained(refused, morning=form.cleaned_data["opening"])
        else:
            messages.success(request, _("The day is closed. Print the page, or keep it as a PDF."))
            return redirect_to(request, f"{reverse('reception:close')}{asked.query}")
    context = _context(asked, sheet=sheet.as_kept(), form=form, last=sheet.last)
    context["cash"], context["card"] = sheet.takings.cash, sheet.takings.net(Method.CARD)
    return render(
        request, "reception/close.html", context, status=200 if not form.errors else 409 if form.is_old else 422
    )


def _say_closed(request: HttpRequest, asked: _Asked, closed: DayClose) -> None:
    """Somebody was first, or a later day is closed: nothing was done."""
    words = {
        "who": closed.closed_by.name,
        "when": f"{date_short(asked.place.day_of(closed.closed_at))}, {clock(closed.closed_at, asked.place.zone)}",
        "day": date_short(closed.day),
    }
    if closed.day == asked.day:
        messages.info(request, _("This day is closed already, by %(who)s on %(when)s. Nothing was done twice.") % words)
    else:
        messages.info(request, _("%(day)s is closed already, so an earlier day can't be closed any more.") % words)


def _context(
    asked: _Asked,
    *,
    sheet: dict[str, Any],
    form: CloseForm | None = None,
    closed: DayClose | None = None,
    last: DayClose | None = None,
) -> dict[str, Any]:
    return {
        "place": asked.place,
        "places": [place for place in places().values() if place.is_active or place == asked.place],
        "day": asked.day,
        "before": asked.day - timedelta(days=1),
        "after": asked.day + timedelta(days=1) if asked.day < asked.today else None,
        "is_today": asked.day == asked.today,
        "sheet": sheet,
        "form": form,
        "closed": closed,
        "last": last,
        "too_late": closed is None and last is not None and last.day >= asked.day,
        "query": asked.query,
        "clinic": ClinicSettings.current(),
        "now": asked.now,
    }


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def pdf(request: ActorRequest) -> HttpResponse:
    """The same on paper: of a closed day as it was closed, for ever; of another one as it stands."""
    from portal.common.paper.pdf import render_pdf  # it brings the PDF library, which is slow to load

    asked = _Asked.read(request, now=timezone.now())
    closed = asked.closed(request.actor)
    sheet = closed.sheet if closed else asked.sheet(request.actor).as_kept()
    return HttpResponse(
        render_pdf("pdf/close.html", _context(asked, sheet=sheet, closed=closed)),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="close-{asked.place.slug}-{asked.day:%Y-%m-%d}.pdf"',
        },
    )
