"""One's own calendar addresses: what a page shows of them, and the steps on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.links import absolute
from portal.appointments.actions import subscribing
from portal.appointments.models import CalendarFeed
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.common.forms.parts import field_of
from portal.common.web.once import making
from portal.patients.models import Patient

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Where a browser's session keeps an address from its making to the page that shows it, once.
IN_SESSION = "calendar_address"


@dataclass(frozen=True, slots=True)
class Room:
    """Whose page it is: where it stands, what entries may be called there, and what a name in them gives away."""

    page: str
    neutral: StrOrPromise
    named: StrOrPromise
    gives_away: StrOrPromise


class TitlesForm(forms.Form):
    """What the entries at an address are called."""

    titles = forms.ChoiceField(
        label=gettext_lazy("What each entry says"), choices=CalendarFeed.Titles.choices, widget=forms.RadioSelect
    )
    # What the page said: a page that changed nothing saves nothing, however old it is.
    shown = forms.ChoiceField(choices=CalendarFeed.Titles.choices, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, room: Room, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = field_of(self, "titles", forms.ChoiceField)
        field.choices = [(CalendarFeed.Titles.NEUTRAL, room.neutral), (CalendarFeed.Titles.NAMED, room.named)]
        field.help_text, field.initial = room.gives_away, CalendarFeed.Titles.NEUTRAL


@dataclass(frozen=True, slots=True)
class Line:
    """One whose sessions can be read at an address: a patient, or nobody where it is one's own diary."""

    patient: Patient | None
    feed: CalendarFeed | None
    form: TitlesForm
    # The address in full, on the page after its making and on no other.
    address: str

    @property
    def by_webcal(self) -> str:
        """The same address as programs on this device take it at a press."""
        return f"webcal://{self.address.partition('://')[2]}"


class _Kept(TypedDict):
    feed: str
    token: str


def lines(request: ActorRequest, room: Room, patients: Iterable[Patient | None]) -> list[Line]:
    """What the page shows; an address that was made just now is shown here once. One query."""
    kept: _Kept | None = request.session.pop(IN_SESSION, None)
    feeds = {feed.patient_id: feed for feed in CalendarFeed.objects.in_force().rightful().of(request.actor)}
    return [_line(room, patient, feeds.get(patient.pk if patient else None), kept) for patient in patients]


def _line(room: Room, patient: Patient | None, feed: CalendarFeed | None, kept: _Kept | None) -> Line:
    is_new = feed is not None and kept is not None and kept["feed"] == str(feed.code)
    initial = {"titles": feed.titles} if feed else None
    return Line(
        patient=patient,
        feed=feed,
        # Several forms of one kind may stand on the page.
        form=TitlesForm(room=room, initial=initial, auto_id=f"id_{patient.code if patient else 'own'}_%s"),
        address=absolute("machines:calendar_feed", kept["token"]) if kept is not None and is_new else "",
    )


def make(request: ActorRequest, patient: Patient | None, *, room: Room) -> HttpResponse:
    """A new address; the one before works no longer. Its view carries `@once`."""
    now, form = timezone.now(), TitlesForm(request.POST, room=room)
    if not form.is_valid():
        return _no_choice(request, room)
    with making(request, now=now) as made:
        feed, token = subscribing.make_feed(
            patient=patient, titles=form.cleaned_data["titles"], by=request.actor, now=now
        )
        request.session[IN_SESSION] = _Kept(feed=str(feed.code), token=token)
        made.leads_to(_place(patient, room))
    return made.answer


def retitle(request: ActorRequest, patient: Patient | None, *, room: Room) -> HttpResponse:
    """What the entries are called from now on, at the same address."""
    form, feed = TitlesForm(request.POST, room=room), _own(request.actor, patient)
    if feed is None:
        return _gone(request, room)
    if not form.is_valid():
        return _no_choice(request, room)
    titles = form.cleaned_data["titles"]
    if titles != form.cleaned_data["shown"]:
        subscribing.choose_titles(feed=feed, titles=titles, by=request.actor, now=timezone.now())
    messages.success(request, _("Saved. Calendar programs show it when they next look, within a day."))
    return redirect(_place(patient, room))


def end(request: ActorRequest, patient: Patient | None, *, room: Room) -> HttpResponse:
    """The address opens nothing any more."""
    feed = _own(request.actor, patient)
    if feed is None or not subscribing.end_feed(feed=feed, by=request.actor, now=timezone.now()):
        return _gone(request, room)
    messages.success(request, _("The address works no longer. Take the calendar out of your calendar program too."))
    return redirect(_place(patient, room))


def _own(actor: Actor, patient: Patient | None) -> CalendarFeed | None:
    return CalendarFeed.objects.in_force().of(actor).filter(patient=patient).first()


def _place(patient: Patient | None, room: Room) -> str:
    return resolve_url(room.page) + (f"#p{patient.code}" if patient else "")


def _gone(request: ActorRequest, room: Room) -> HttpResponse:
    messages.info(request, _("That address was ended or made anew meanwhile. Nothing was done."))
    return redirect(room.page)


def _no_choice(request: ActorRequest, room: Room) -> HttpResponse:
    messages.error(request, _("Choose what each entry says."))
    return redirect(room.page)
