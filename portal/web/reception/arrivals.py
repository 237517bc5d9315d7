"""The lines of the day's list, and the buttons of one session. They are filled: a clinic of twenty has 160 a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.listing import room_or_way
from portal.appointments.states import MOVES, Verb
from portal.common.languages.times import clock, date_short, iso
from portal.common.money import dollars
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.reports.days import Arrival

_OF_BUTTONS = (
    "code name seen token number day by place_chosen check_in_url check_out_url checked_out_url no_show_url undo_url"
)
_BUTTONS = Stencil("reception/_arrival_actions.html", holes=_OF_BUTTONS)
_ARRIVAL = Stencil(
    "reception/_arrival.html",
    holes=f"page iso at minutes patient_page born psychologist service place debt aside {_OF_BUTTONS}",
)

Look = Mapping[str, object]
Words = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the list was asked for, which its buttons ask for again."""

    day: date
    by: str
    place: str
    # The code of the session whose button was pressed, if any: the focus stays on its line.
    pressed: object = None


class Lines:
    """Draws arrivals as lines of the list; `token` is the page's against forged requests."""

    def __init__(self, chosen: Chosen, *, token: str) -> None:
        self.chosen, self.buttons = chosen, _Buttons(token, chosen)
        self.page, self.patient_page = each("reception:appointment"), each("reception:patient")

    def drawn(self, arrivals: Iterable[Arrival], *, shows_psychologist: bool) -> SafeString:
        return _ARRIVAL.rows(self._line(arrival, shows_psychologist=shows_psychologist) for arrival in arrivals)

    def _line(self, arrival: Arrival, *, shows_psychologist: bool) -> tuple[Look, Words]:
        session, aside = arrival.session, _aside(arrival)
        patient = session.patient
        look, words = self.buttons.of(arrival)
        return (
            {
                "status": session.status,
                "confirmed": bool(session.confirmed_at),
                "mode": session.mode,
                "is_late": arrival.is_late,
                "is_pressed": session.code == self.chosen.pressed,
                "shows_psychologist": shows_psychologist,
                "owes": bool(arrival.owes),
                "lacks_referral": arrival.lacks_referral,
                "has_aside": bool(aside),
                **look,
            },
            (
                self.page(session.code),
                iso(session.starts_at),
                clock(session.starts_at, session.zone),
                session.minutes,
                self.patient_page(patient.code) if patient else "",
                date_short(patient.date_of_birth) if patient else "",
                session.psychologist.name if shows_psychologist else "",
                session.service.name,
                room_or_way(session),
                dollars(arrival.owes) if arrival.owes else "",
                aside,
                *words,
            ),
        )


def buttons(arrival: Arrival, *, token: str) -> SafeString:
    """The buttons of one session on its own page."""
    look, words = _Buttons(token, None).of(arrival)
    return _BUTTONS.look(**look)(words)


class _Buttons:
    def __init__(self, token: str, chosen: Chosen | None) -> None:
        self.in_list = chosen is not None
        # What is the same in all lines.
        asked_again = (f"{chosen.day:%Y-%m-%d}", chosen.by, chosen.place) if chosen else ("", "", "")
        self.token, self.asked_again = token, asked_again
        self.check_in, self.check_out = each("reception:check_in"), each("reception:check_out")
        self.checked_out, self.no_show = each("reception:checked_out"), each("reception:no_show")
        self.undo: dict[Verb, Callable[[object], str]] = {}
        self.labels = {verb: str(MOVES[verb].label) for verb in (Verb.CHECK_IN, Verb.CHECK_OUT, Verb.NO_SHOW)}

    def of(self, arrival: Arrival) -> tuple[Look, Words]:
        session, steps = arrival.session, arrival.steps
        # Of each state one step leads back at the most.
        undo, code = next(iter(steps.undos), None), session.code
        if undo and undo.verb not in self.undo:
            # Each has a page of its own, named as the step is.
            self.undo[undo.verb] = each(f"reception:{undo.verb}")
        allowed = {verb.value: label if steps[verb].allowed else "" for verb, label in self.labels.items()}
        return (
            {
                **allowed,
                "in_list": self.in_list,
                "undo": undo.verb.value if undo else "",
                "undo_label": str(undo.label) if undo else "",
                "is_due": arrival.is_due,
                "is_billed": arrival.invoice is not None,
            },
            (
                code,
                session.patient.name if session.patient else "",
                session.seen_as,
                self.token,
                arrival.invoice.number if arrival.invoice else "",
                *self.asked_again,
                self.check_in(code),
                self.check_out(code),
                self.checked_out(code),
                self.no_show(code),
                self.undo[undo.verb](code) if undo else "",
            ),
        )


def _aside(arrival: Arrival) -> str:
    """What is said beside the state: late, how long they wait, or what is to pay."""
    waiting = arrival.minutes_waiting
    if arrival.is_late:
        return _("late")
    if waiting is not None:
        words = ngettext("waiting %(n)s minute", "waiting %(n)s minutes", waiting) % {"n": waiting}
        return words if waiting else _("since now")
    if arrival.invoice is None:
        return ""
    balance = arrival.invoice.balance
    return _("%(amount)s to pay") % {"amount": dollars(balance)} if balance else _("paid")
