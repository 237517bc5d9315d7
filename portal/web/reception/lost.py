"""The lines of what was cancelled, missed and refilled on a day, and what the policy says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.common.languages.times import clock, when_short
from portal.common.money import dollars
from portal.common.web.addresses import each
from portal.common.web.stencils import Row, Stencil
from portal.reports.lost import Decided, Lost

_LOST = Stencil(
    "reception/_lost.html", holes="page at patient psychologist service told policy fee_url refill refill_url code"
)


def drawn_lost(lost: Iterable[Lost]) -> SafeString:
    """One line each, in order of time."""
    page, fee = each("reception:appointment"), each("reception:fee")
    return _LOST.rows(_row(one, page, fee(one.session.code)) for one in lost)


def _row(one: Lost, page: Callable[[object], str], fee: str) -> Row:
    session, by = one.session, one.refilled_by
    return (
        {
            "status": session.status,
            "has_fee": one.fee is not None,
            "is_refilled": by is not None,
            "is_late": session.late,
        },
        (
            page(session.code),
            clock(session.starts_at, session.zone),
            session.person.name,
            session.psychologist.name,
            session.service.name,
            _told(one),
            _policy(one),
            fee,
            _("%(patient)s at %(time)s") % {"patient": by.person.name, "time": clock(by.starts_at, session.zone)}
            if by
            else "",
            page(by.code) if by else "",
            session.code,
        ),
    )


def _told(one: Lost) -> str:
    """When it was called off and why; of who was missed, that nobody came."""
    session = one.session
    if session.cancelled_at is None:
        return _("did not come")
    words = {"when": when_short(session.cancelled_at, session.zone), "why": session.get_cancel_reason_display()}
    return _("called off %(when)s: %(why)s") % words if words["why"] else _("called off %(when)s") % words


def _policy(one: Lost) -> str:
    """What the clinic's terms, as they were promised with the booking, say of it, and what the desk did about it."""
    if one.fee is not None:
        said = {
            "kind": _("Missed") if one.session.is_missed else _("Late"),
            "amount": dollars(one.fee),
        }
        match one.decided:
            case Decided.INVOICED:
                return _("%(kind)s: the fee of %(amount)s is invoiced") % said
            case Decided.WAIVED:
                return _("%(kind)s: the fee of %(amount)s is waived") % said
        return _("%(kind)s: the fee is %(amount)s") % said
    if one.session.is_missed:
        return _("Missed: no fee was agreed")
    if one.session.late:
        return _("Late: no fee was agreed")
    return _("By the clinic: no fee") if one.is_by_clinic else _("In good time: no fee")
