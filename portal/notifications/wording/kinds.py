"""Which notices a manager may word, of which parts, and with which merge fields.

Those about an account, and those to staff, are the portal's own words. A star stands after what a part must name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.notifications.wording.fields import Field

# Whole texts for phones, and the parts of an e-mail. Those for whoever reads for somebody else are parts of their own:
# no grammar makes one sentence of both.
TEXT, SUBJECT, OPENING, CLOSING = "text", "subject", "opening", "closing"
SUBJECT_FOR, OPENING_FOR = "subject_for", "opening_for"
PARTS: Final = (TEXT, SUBJECT, SUBJECT_FOR, OPENING, OPENING_FOR, CLOSING)
LONGEST: Final = {TEXT: 700, SUBJECT: 150, SUBJECT_FOR: 150, OPENING: 600, OPENING_FOR: 600, CLOSING: 600}


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a notice that can be said otherwise."""

    name: str
    fields: Mapping[str, Field]
    required: frozenset[str] = frozenset()

    @property
    def longest(self) -> int:
        return LONGEST[self.name]


@dataclass(frozen=True, slots=True)
class Kind:
    """A notice that can be worded. Where `standard_where` says so of what it tells, the standard words go."""

    template: str
    label: str | Promise
    group: str | Promise
    parts: Mapping[str, Part]
    standard_where: tuple[str, ...] = ()
    exception: str | Promise = ""

    def sends_standard(self, values: Mapping[str, Any]) -> bool:
        """Whether this one goes in the standard words, whatever the clinic's are."""
        return any(
            not values.get(name[4:]) if name.startswith("not ") else values.get(name) for name in self.standard_where
        )


SESSIONS, WAITING, BILLS, PAGES = _("Sessions"), _("Waitlist"), _("Bills and payments"), _("Their pages")

_BARE: Final = {
    "first name": Field("first name", _("What its reader is called"), "{{ called|apart }}"),
    "whom": Field("whom", _("What the patient is called"), "{{ whose|apart }}"),
}
_ON_PHONES: Final = Field(
    "clinic",
    _("The clinic’s name in messages, and in brackets whom it is about where somebody else reads it"),
    "{{ letterhead.name|apart }}{% if whose %} ({{ whose|apart }}){% endif %}",
)
_IN_MAIL: Final = Field("clinic", _("The clinic’s name in messages"), "{{ letterhead.name|apart }}")
_SHORT: Final = "{% load two_clocks %}{{ appointment.starts_at|when_short_on_both:appointment }}"
_IN_FULL: Final = "{% load two_clocks %}{{ appointment.starts_at|when_on_both:appointment }}"
_WHEN: Final = Field("when", _("Day and time of the session"), _SHORT)
_WHEN_IN_FULL: Final = Field("when", _("Day and time of the session"), _IN_FULL)
_FIRST: Final = Field("when", _("Day and time of the first session"), _SHORT)
_FIRST_IN_FULL: Final = Field("when", _("Day and time of the first session"), _IN_FULL)
_FREE: Final = Field(
    "free until",
    _("A sentence: until when cancelling is free, or what it costs by now"),
    '{% include "notifications/_free_until.txt" %}',
    is_sentence=True,
)
_FREE_EACH: Final = Field(
    "free until",
    _("A sentence: until when cancelling each is free"),
    '{% include "notifications/_free_until_each.txt" %}',
    is_sentence=True,
)
_LATE_FEE: Final = Field(
    "late fee",
    _("A sentence: the fee that may apply, where it was cancelled late"),
    '{% include "notifications/_late_fee.txt" %}',
    is_sentence=True,
)
_HOW_TO_ANSWER: Final = Field(
    "how to answer",
    _("A sentence: that they may reply YES or NO, where the clinic’s number takes replies"),
    '{% include "notifications/_how_to_answer.txt" %}',
    is_sentence=True,
)
_STILL_TO_PAY: Final = Field(
    "still to pay",
    _("A sentence: what is left to pay, if anything"),
    '{% include "notifications/_still_to_pay.txt" %}',
    is_sentence=True,
)
_UNTIL: Final = Field(
    "until",
    _("Day and time by which they must answer"),
    "{% load two_clocks %}{{ until|when_short_on_both:appointment }}",
)
_UNTIL_IN_FULL: Final = Field("until", _("Day and time by which they must answer"), "{{ until|when_there:zone }}")
_NUMBER: Final = Field("number", _("Number of the invoice"), "{{ number }}")
_RECEIPT_NUMBER: Final = Field("number", _("Number of the receipt"), "{{ number }}")
_RECEIPT: Final = Field("receipt", _("Number of the receipt"), "{{ receipt }}")
_AMOUNT: Final = Field("amount", _("How much was paid"), "{{ amount|dollars }}")
_TO_PAY: Final = Field("amount", _("How much is to be paid"), "{{ balance|dollars }}")
_TOTAL: Final = Field("amount", _("How much the invoice is for"), "{{ total|dollars }}")
_OWED: Final = Field("amount", _("How much is overdue, all together"), "{{ total|dollars }}")
_BACK: Final = Field("amount", _("How much goes back"), "{{ amount|dollars }}")
_DUE: Final = Field("due", _("By which day"), "{{ due_on|date_short }}")
_LOST: Final = Field("when", _("Day and time that they had chosen"), "{{ starts_at|when_there:zone }}")
_SINCE: Final = Field("since", _("First day of the statement"), "{{ first_day|date_short }}")
_TO: Final = Field("until", _("Last day of the statement"), "{{ last_day|date_short }}")


def _link(source: str, meaning: str | Promise) -> Field:
    return Field("link", meaning, source)


def _part(name: str, stars: str, own: tuple[Field, ...], *, says_whose: bool = True) -> Part:
    """`stars` names what the part must say; whatever its notice has for this channel can be said as well."""
    clinic = _ON_PHONES if name == TEXT and says_whose else _IN_MAIL
    fields = {"clinic": clinic, "first name": _BARE["first name"]}
    if name in {SUBJECT_FOR, OPENING_FOR}:
        fields["whom"] = _BARE["whom"]
    fields |= {one.name: one for one in own}
    return Part(name, fields, frozenset(filter(None, stars.split(", "))))


def _kind(
    template: str,
    label: str | Promise,
    group: str | Promise,
    *,
    text: str,
    on_phones: tuple[Field, ...] = (),
    in_mail: tuple[Field, ...] = (),
    subject: str = "clinic",
    opening: str = "",
    by_reader: str = "",
    says_whose: bool = True,
    standard_where: tuple[str, ...] = (),
    exception: str | Promise = "",
) -> Kind:
    """`by_reader`: which parts are said otherwise to whoever reads for somebody else; `says_whose`: whether it is."""
    parts = {TEXT: _part(TEXT, text, on_phones, says_whose=says_whose), SUBJECT: _part(SUBJECT, subject, in_mail)}
    if SUBJECT_FOR in by_reader.split():
        parts[SUBJECT_FOR] = _part(SUBJECT_FOR, subject, in_mail)
    parts[OPENING] = _part(OPENING, opening, in_mail)
    if OPENING_FOR in by_reader.split():
        parts[OPENING_FOR] = _part(OPENING_FOR, ", ".join(filter(None, ("whom", opening))), in_mail)
    parts[CLOSING] = _part(CLOSING, "", in_mail)
    return Kind(template, label, group, parts, standard_where, exception)


_BOTH: Final = f"{SUBJECT_FOR} {OPENING_FOR}"


def _of_session(template: str, label: str | Promise, *, text: str, more: tuple[Field, ...] = ()) -> Kind:
    return _kind(
        template,
        label,
        SESSIONS,
        text=text,
        on_phones=(_WHEN, *more),
        in_mail=(_WHEN_IN_FULL,),
        by_reader=_BOTH,
    )


def _of_series(template: str, label: str | Promise, *, text: str, more: tuple[Field, ...] = ()) -> Kind:
    return _kind(
        template,
        label,
        SESSIONS,
        text=text,
        on_phones=(_FIRST, *more),
        in_mail=(_FIRST_IN_FULL,),
        by_reader=_BOTH,
    )


def _of_reminder(template: str, label: str | Promise) -> Kind:
    link = _link(
        "{% if owed|length == 1 %}{{ owed.0.pay_link }}{% endif %}",
        _("Where they pay by card, if it is one invoice and the clinic takes cards"),
    )
    return _kind(template, label, BILLS, text="clinic, amount, link", says_whose=False, on_phones=(_OWED, link))


_ALL: Final = (
    _of_session("appointment_booked", _("Booked"), text="clinic, when, free until", more=(_FREE,)),
    _of_session(
        "appointment_reminder",
        _("Reminder of a session"),
        text="clinic, when, free until, link",
        more=(_FREE, _HOW_TO_ANSWER, _link("{{ answer_url }}", _("Where they say that they will come, or can’t"))),
    ),
    _of_session("appointment_moved", _("Moved"), text="clinic, when, free until", more=(_FREE,)),
    _of_session("appointment_changed", _("Changed otherwise"), text="clinic, when, free until", more=(_FREE,)),
    _of_session("appointment_cancelled", _("Cancelled"), text="clinic, when, late fee", more=(_LATE_FEE,)),
    _of_session("appointment_stays", _("Stays as booked after all"), text="clinic, when, free until", more=(_FREE,)),
    _of_session("appointment_requested", _("Asked for, not booked yet"), text="clinic, when"),
    _of_session("request_ended", _("Request that became no booking"), text="clinic, when"),
    _kind(
        "times_offered",
        _("Other times to choose from"),
        SESSIONS,
        text="clinic, when, until, link",
        on_phones=(_WHEN, _UNTIL, _link("{{ url }}", _("Where they choose"))),
        in_mail=(_WHEN_IN_FULL, _UNTIL_IN_FULL),
        by_reader=_BOTH,
    ),
    _of_series("series_booked", _("Series booked"), text="clinic, when, free until", more=(_FREE_EACH,)),
    _of_series("series_moved", _("Series changed"), text="clinic, when, free until", more=(_FREE_EACH,)),
    _of_series("series_cancelled", _("Series cancelled"), text="clinic, when"),
    _kind(
        "waitlist_offer",
        _("Free time offered"),
        WAITING,
        text="clinic, when, until, link",
        on_phones=(_WHEN, _UNTIL, _link("{{ url }}", _("Where they take it or decline"))),
        in_mail=(_WHEN_IN_FULL, _UNTIL_IN_FULL),
        by_reader=_BOTH,
    ),
    _kind(
        "invoice",
        _("Invoice"),
        BILLS,
        text="clinic, amount, due, link",
        on_phones=(_TO_PAY, _DUE, _link("{{ pay_link }}", _("Where they pay by card, if the clinic takes cards"))),
        in_mail=(_NUMBER, _TOTAL),
        subject="clinic, number",
        opening="number, amount",
        by_reader=OPENING_FOR,
        standard_where=("not balance", "was_declined"),
        exception=_("An invoice with nothing left to pay, or whose charge was declined, goes in the standard words."),
    ),
    _kind(
        "payment_received",
        _("Payment by card"),
        BILLS,
        text="clinic, amount, still to pay",
        on_phones=(_AMOUNT, _STILL_TO_PAY),
        in_mail=(_AMOUNT, _NUMBER, _RECEIPT),
        opening="amount, number, receipt",
        by_reader=OPENING_FOR,
        standard_where=("back",),
        exception=_("Where some of it goes back, the standard words go."),
    ),
    _kind(
        "receipt",
        _("Receipt"),
        BILLS,
        text="clinic, amount",
        on_phones=(_AMOUNT,),
        in_mail=(_AMOUNT, _RECEIPT_NUMBER),
        subject="clinic, number",
        opening="amount, number",
        standard_where=("is_refund",),
        exception=_("A refund’s receipt goes in the standard words."),
    ),
    _kind("statement", _("Statement of account"), BILLS, text="clinic", in_mail=(_SINCE, _TO), by_reader=OPENING_FOR),
    _of_reminder("reminder", _("Payment reminder")),
    _of_reminder("reminder_firm", _("Second payment reminder")),
    _of_reminder("reminder_last", _("Last payment reminder")),
    _kind(
        "paid_time_gone",
        _("Paid time that was gone"),
        BILLS,
        text="clinic, amount",
        on_phones=(_BACK,),
        in_mail=(_LOST, _BACK),
        says_whose=False,
        opening="when",
    ),
    _kind(
        "message_waiting",
        _("Message waiting"),
        PAGES,
        text="clinic, link",
        on_phones=(_link("{{ base_url }}{{ path }}", _("Where they read it")),),
        by_reader=OPENING_FOR,
    ),
    _kind(
        "form_waiting",
        _("Form to fill in"),
        PAGES,
        text="clinic, link",
        on_phones=(_link("{{ base_url }}{{ path }}", _("Where they fill it in")),),
        by_reader=OPENING_FOR,
    ),
    _kind(
        "file_shared",
        _("Something new waiting"),
        PAGES,
        text="clinic, link",
        on_phones=(_link("{{ base_url }}{{ path }}", _("Where they see it")),),
        by_reader=OPENING_FOR,
    ),
)
KINDS: Final[Mapping[str, Kind]] = {kind.template: kind for kind in _ALL}
