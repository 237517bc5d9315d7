"""The lines of the day's list, and the buttons of one session. They are filled: a clinic of twenty has 160 a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.listing import room_or_way
from portal.appointments.models import Appointment
from portal.appointments.states import MOVES, Step, Verb
from portal.billing import charges
from portal.billing.models.invoice import Standing
from portal.clinic.models import ClinicSettings
from portal.common.languages.times import clock, date_short, iso
from portal.common.money import dollars
from portal.common.text.phones import national
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.medicare.telling import on_a_line, standing_in_short
from portal.policies.models import PolicySettings
from portal.reports.days import COMES_NEXT, Arrival

_OF_BUTTONS = (
    "code name seen token number day by place_chosen check_in_url check_out_url checked_out_url pay_url no_show_url "
    "move_url cancel_url fee_url answer_url undo_url"
)
_BUTTONS = Stencil("reception/_arrival_actions.html", holes=_OF_BUTTONS)
_ARRIVAL = Stencil(
    "reception/_arrival.html",
    holes="page iso at minutes patient_page born phone psychologist service place debt debt_url aside of_series "
    f"medicare {_OF_BUTTONS}",
)

# What a line's buttons are called beside the steps of a session.
PAY, INVOICE, FEE, ANSWER, UNDO = "pay", "invoice", "fee", "answer", "undo"
# That it was missed, is moved or called off.
RARE = (Verb.NO_SHOW, Verb.MOVE, Verb.CANCEL)

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
        self.invoice, self.invoices = each("reception:invoice"), reverse("reception:invoices")

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
                "has_phone": bool(patient and patient.phone),
                "lacks_referral": arrival.lacks_referral and not arrival.medicare,
                "has_medicare": arrival.medicare is not None,
                "is_unpaid": arrival.medicare is not None and not arrival.medicare.is_covered,
                "stranded": arrival.stranded,
                "has_aside": bool(aside),
                "in_series": session.series_id is not None,
                **look,
            },
            (
                self.page(session.code),
                iso(session.starts_at),
                clock(session.starts_at, session.zone),
                session.minutes,
                self.patient_page(patient.code) if patient else "",
                date_short(patient.date_of_birth) if patient else "",
                national(patient.phone.raw_input) if patient and patient.phone else "",
                session.psychologist.name if shows_psychologist else "",
                session.service.name,
                room_or_way(session),
                dollars(arrival.owes) if arrival.owes else "",
                self._where_paid(arrival) if arrival.owes else "",
                aside,
                session.of_series,
                _medicare_of(arrival),
                *words,
            ),
        )

    def _where_paid(self, arrival: Arrival) -> str:
        """The payment of the one invoice that is owing from before; of several, their list."""
        if len(arrival.owing) == 1:
            return f"{self.invoice(arrival.owing[0].number)}#pay"
        query = {"patient": arrival.session.person.code, "standing": Standing.OWING.value}
        return f"{self.invoices}?{urlencode(query)}"


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
        self.comes_next = [each(f"reception:{name}") for name in ("check_in", "check_out", "checked_out")]
        self.rare = [each(f"reception:{name}") for name in ("no_show", "reschedule", "cancel", "fee", "answer")]
        self.invoice = each("reception:invoice")
        self.undo: dict[Verb, Callable[[object], str]] = {}
        self.labels = {verb.value: str(MOVES[verb].label) for verb in (*COMES_NEXT, *RARE)}

    def of(self, arrival: Arrival) -> tuple[Look, Words]:
        session = arrival.session
        # Of each state one step leads back at the most.
        undo, code = next(iter(arrival.steps.undos), None), session.code
        if undo and undo.verb not in self.undo:
            # Each has a page of its own, named as the step is.
            self.undo[undo.verb] = each(f"reception:{undo.verb}")
        first, rest = self._in_order(arrival, undo)
        number = arrival.invoice.number if arrival.invoice else ""
        return (
            {
                **self.labels,
                **({Verb.CHECK_OUT.value: _("Bill again")} if arrival.is_voided and not arrival.invoice else {}),
                "first": first,
                "rest": rest,
                "in_list": self.in_list,
                "undo": undo.verb.value if undo else "",
                "undo_label": str(undo.label) if undo else "",
                # What is to be done now stands out; what can wait, or is only looked up, doesn't.
                "is_quiet": first in (INVOICE, FEE) or (first == Verb.CHECK_IN and not arrival.is_due),
            },
            (
                code,
                session.patient.name if session.patient else "",
                session.seen_as,
                self.token,
                number,
                *self.asked_again,
                *(url(code) for url in self.comes_next),
                f"{self.invoice(number)}#pay" if number else "",
                *(url(code) for url in self.rare),
                self.undo[undo.verb](code) if undo else "",
            ),
        )

    def _in_order(self, arrival: Arrival, undo: Step | None) -> tuple[str, tuple[str, ...]]:
        """The one step that comes next, by the session's state and the clock, and all the others."""
        steps = [verb.value for verb in arrival.next_steps]
        if arrival.invoice:
            # What an insurer or Medicare is billed is not asked for at the desk.
            is_theirs = arrival.invoice.payer_id is None and not arrival.invoice.bulk_billed
            steps += [PAY, INVOICE] if arrival.invoice.balance and is_theirs else [INVOICE]
        # Its page asks for the fee or waives it, and leads to the invoice that did.
        if self.in_list and arrival.session.is_missed and self._costs(arrival.session):
            steps.append(FEE)
        if self.in_list and arrival.session.is_request:
            steps.append(ANSWER)
        # That somebody missed it, or that it is called off, is never what comes next.
        first, *others = steps or [""]
        others += [verb.value for verb in RARE if arrival.steps[verb].allowed]
        return first, (*others, *([UNDO] if undo else []))

    def _costs(self, missed: Appointment) -> bool:
        return charges.fee_due(missed, clinic=ClinicSettings.current(), policy=PolicySettings.current()) is not None


def _medicare_of(arrival: Arrival) -> str:
    """Where their referral stands, after the word Medicare; why there is no rebate stands by itself."""
    if arrival.medicare is None:
        return ""
    standing = arrival.medicare
    return on_a_line(standing) if standing.is_covered else capfirst(standing_in_short(standing))


def _aside(arrival: Arrival) -> str:
    """What is said beside the state: how long they wait, or what is to pay."""
    waiting = arrival.minutes_waiting
    if waiting is not None:
        words = ngettext("waiting %(n)s minute", "waiting %(n)s minutes", waiting) % {"n": waiting}
        return words if waiting else _("just now")
    if arrival.invoice is None:
        return ""
    balance, payer = arrival.invoice.balance, arrival.invoice.payer
    if balance and payer is not None:
        return _("billed to %(name)s") % {"name": payer.name}
    if balance and arrival.invoice.bulk_billed:
        return _("bulk billed")
    return _("%(amount)s to pay") % {"amount": dollars(balance)} if balance else _("paid")
