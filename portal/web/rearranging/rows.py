"""The rows of sessions that can't be held as they are booked: what can be decided of each, and how a form says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.appointments.models import Appointment, MoveOffer
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Mode
from portal.common.access.actors import Actor
from portal.common.languages.times import place_of_zone, when, when_short
from portal.journeys import booking, choosing
from portal.journeys.choosing import FreeTime
from portal.journeys.meanwhile import last_step
from portal.journeys.rearranging import offering
from portal.journeys.rearranging.deciding import Came, Decision, Mail, What, mails, may_stay, undecided_about
from portal.journeys.rearranging.proposing import COLLEAGUES, Proposed, propose
from portal.journeys.stranded import can_be_by_video
from portal.patients import reaching
from portal.web.rearranging.audience import Audience
from portal.worklist.models import ToDo

# A longer page is no work that anybody finishes in one go.
PER_PAGE = 20
# One field for each session, by its code: what is decided, and as what the page showed it.
DECIDED, SEEN = "do-", "seen-"
LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be decided of a session, as an option of its field."""

    value: str
    words: str


@dataclass(slots=True)
class Row:
    """One session of the page."""

    session: Appointment
    asked: Sequence[ToDo]
    # Why it can't be held as it is booked, in words.
    why: list[str]
    own: list[Choice]
    colleagues: list[Choice]
    chosen: str = ""
    # The last times that were offered to the patient, if any were.
    offer: MoveOffer | None = None
    now: datetime | None = None
    is_reached: bool = True
    # Whether it could be held at its own time by video.
    can_be_by_video: bool = False

    @property
    def can_offer(self) -> bool:
        """Whether times of its own psychologist can be offered to the patient by e-mail."""
        return bool(self.own) and self.session.is_booked and self.is_reached and not self.is_too_near

    @property
    def is_too_near(self) -> bool:
        """Whether it begins too soon for asking its patient by e-mail."""
        return self.now is not None and not self.is_offered and offering.is_too_near(self.session, now=self.now)

    @property
    def seen(self) -> str:
        """What the page shows of the session and of the times that are out, as its form sends it back."""
        return f"{self.session.seen_as} {self.offer.code}" if self.offer and self.is_offered else self.session.seen_as

    @property
    def is_offered(self) -> bool:
        """Whether times are out, and can still be chosen."""
        return self.offer is not None and self.now is not None and self.offer.is_answerable(self.session, now=self.now)

    @property
    def is_unanswered(self) -> bool:
        """Whether times of it as it is booked now were offered, and the patient's time to choose is over."""
        return self.offer is not None and not self.is_offered and self.offer.is_unanswered(self.session)

    @property
    def code(self) -> str:
        return str(self.session.code)

    @property
    def may_stay(self) -> bool:
        return may_stay(self.asked)


def rows_of(
    sessions: Sequence[Appointment],
    *,
    audience: Audience,
    now: datetime,
    clinic: ClinicSettings,
    data: Mapping[str, str] | None = None,
) -> list[Row]:
    """A row each, with what was chosen in `data`."""
    asked, offers = undecided_about(sessions), offering.last_offers(sessions)
    # Nobody but the desk puts somebody into another's diary.
    proposed = propose(sessions, now=now, clinic=clinic, colleagues=0 if audience.of_one else COLLEAGUES)
    unreached = reaching.unreached({session.patient_id for session in sessions if session.patient_id})
    by_video = can_be_by_video(sessions)
    rows = []
    for session in sessions:
        times = proposed[session.pk]
        why = asked.get(str(session.code), [])
        row = Row(session, why, audience.why(session, why), _own(times, session), _of_colleagues(times, session))
        row.offer, row.now = offers.get(session.pk), now
        row.is_reached = session.patient_id not in unreached
        row.can_be_by_video = session.pk in by_video
        sent = (data or {}).get(f"{DECIDED}{row.code}", "")
        offered = {choice.value for choice in (*row.own, *row.colleagues)} | {
            What.KEEP,
            What.CANCEL,
            What.OFFER,
            What.VIDEO,
        }
        row.chosen = sent if sent in offered else ""
        rows.append(row)
    return rows


def _own(times: Proposed, session: Appointment) -> list[Choice]:
    return [Choice(f"{What.MOVE} {free.value}", _in_words(free, session)) for free in times.own]


def _of_colleagues(times: Proposed, session: Appointment) -> list[Choice]:
    return [
        Choice(
            f"{What.MOVE} {free.value}",
            f"{when_short(free.starts_at, free.zone)} · {_who(free)} · {_where(free, session)}",
        )
        for free in times.colleagues
    ]


def _where(free: FreeTime, session: Appointment) -> str:
    """The place, or the way in which it is held at none, and on whose clock where that is another one."""
    if session.mode == Mode.IN_PERSON:
        return free.location.name
    way = str(Mode(session.mode).label)
    return way if free.zone == session.zone else f"{way} · {place_of_zone(free.zone)}"


def _in_words(free: FreeTime, session: Appointment) -> str:
    """`Tue 1 Dec, 9:00 am`, and its place where that is another one."""
    at = when_short(free.starts_at, free.zone)
    return at if free.location == session.location else f"{at} · {_where(free, session)}"


def _who(free: FreeTime) -> str:
    return free.who.name if free.who else ""


def read(data: Mapping[str, str], session: Appointment) -> Decision | None:
    """What a form says of one session; None where nothing was decided, or what no page of ours offered."""
    said = data.get(f"{DECIDED}{session.code}", "")
    seen = data.get(f"{SEEN}{session.code}", "")[:LONGEST_ANSWER]
    shown, _space, offer = seen.partition(" ")
    verb, _space, time = said[:LONGEST_ANSWER].partition(" ")
    match verb:
        case What.KEEP | What.CANCEL | What.OFFER | What.VIDEO:
            return Decision(What(verb), shown, offer=offer)
        case What.MOVE:
            try:
                starts_at, location, slug = choosing.read_whose_time(time)
            except ValueError:
                return None
            who = next((person for person in kept.psychologists().values() if person.slug == slug), None)
            return None if who is None else Decision(What.MOVE, shown, starts_at, location, who, offer)
    return None


@dataclass(frozen=True, slots=True)
class Letters:
    """What a decision about one session would send."""

    session: Appointment
    mails: list[Mail]
    decision: Decision


def letters(sessions: Sequence[Appointment], data: Mapping[str, str], *, now: datetime) -> list[Letters]:
    """The e-mails that would go out, by session; of one that tells nobody, an empty list of them."""
    decided = [(s, decision) for s in sessions if (decision := read(data, s)) is not None]
    asked = [session for session, decision in decided if decision.what == What.OFFER]
    times = offering.times_of(asked, now=now, clinic=ClinicSettings.current()) if asked else {}
    return [
        Letters(session, mails(session, decision, now=now, times=times.get(session.pk, ())), decision)
        for session, decision in decided
    ]


def in_words(came: Came, session: Appointment, *, by: Actor, now: datetime) -> str:
    """What came of a decision about a session, as it stands now: one sentence or two."""
    match came:
        case Came.MOVED:
            at, name = when(session.starts_at, session.zone), session.psychologist.name
            return f"{_('Moved to %(when)s with %(name)s.') % {'when': at, 'name': name}} {_told(session, now=now)}"
        case Came.BY_VIDEO:
            return f"{_('It takes place at the same time, by video.')} {_told(session, now=now)}"
        case Came.CANCELLED:
            return f"{_('Cancelled.')} {_told(session, now=now)}"
        case Came.OFFERED:
            words = _("Three times are offered. It stays booked, and on the list, until they choose.")
            return f"{words} {_told(session, now=now)}"
        case Came.OFFERED_MEANWHILE:
            return _(
                "Times were offered to the patient meanwhile, and they are choosing. Nothing was done: look again."
            )
        case Came.NO_ADDRESS:
            return _("No e-mail address is known, so nothing could be offered: call them.")
        case Came.TOO_NEAR:
            return _("It begins too soon to ask by e-mail, so nothing was offered: phone them.")
        case Came.KEPT if offering.were_offered(session):
            return f"{_('It stays as booked.')} {_told(session, now=now)}"
        case Came.KEPT:
            return _("It stays as booked. Nobody is told.")
        case Came.TAKEN:
            return _("That time was taken meanwhile. Nothing was done: choose another one below.")
        case Came.BUSY:
            return _("The patient has another session at that time. Nothing was done: choose another one below.")
        case Came.NOT_OFFERED:
            return _("That time is not offered any more. Nothing was done: choose another one below.")
        case Came.NOTE:
            return _("A note of it was written, so it stays with its psychologist. Nothing was done.")
        case Came.NOT_KEPT:
            return _("It can't stay as it is booked. Nothing was done: move it or cancel it.")
    done = last_step(session, by=by, now=now)
    return f"{done} {_('Nothing was done with it now.')}" if done else _("Somebody was faster. Nothing was done now.")


def _told(session: Appointment, *, now: datetime) -> str:
    told = booking.told(session, now=now)
    if not told:
        return _("No e-mail address is known: call them.")
    return _("A message is on its way to %(addresses)s.") % {"addresses": ", ".join(reader.shown for reader in told)}
