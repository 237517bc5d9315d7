"""Part of the privacy policy: which decisions programs make, from which information (APP 1.7, from 10 December 2026).

Each line describes a rule of portal.appointments.actions.rules, portal.journeys or the sign-in, with its setting.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.common.languages import durations
from portal.common.languages.punctuation import space
from portal.policies.document import Block, table, text
from portal.policies.facts import PrivacyFacts
from portal.policies.fees import say_own_hours


def write(facts: PrivacyFacts) -> list[Block]:
    return [
        text(
            _(
                "Some things on this website are decided by a program, by fixed rules and without a "
                "person. There is no artificial intelligence in it, and nothing about your health is "
                "used."
            )
        ),
        table([_("What is decided"), _("By which rule"), _("From which information")], _alone(facts)),
        text(_("In other things a program makes a proposal, and a person decides:")),
        table([_("What is proposed"), _("By which rule"), _("From which information")], _with_people(facts)),
        text(
            _(
                "Nothing else about you is decided by a program. It does not judge how urgent your need "
                "is, whom we take on or how we treat you. If a rule turned you away, phone us: a person "
                "can look at it and decide otherwise."
            )
        ),
    ]


def _alone(facts: PrivacyFacts) -> list[list[str]]:
    most = facts["max_open_bookings"]
    rows = [
        [
            _("Which times you can book online"),
            _("Times when the psychologist works and is free, from %(notice)s to %(ahead)s ahead.")
            % {"notice": durations.hours(facts["notice_hours"]), "ahead": durations.days(facts["horizon_days"])}
            + _for_some(facts),
            _("The psychologist's hours and diary. Nothing about you."),
        ],
        [
            _("Who sees you, if you choose whoever is free"),
            _("Of the psychologists who are free then, the one with the fewest sessions."),
            _("Their diaries. Nothing about you."),
        ],
        [
            _("Whether a booking is taken"),
            ngettext(
                "Refused if you have another session at that time, or %(most)d session booked already.",
                "Refused if you have another session at that time, or %(most)d sessions booked already.",
                most,
            )
            % {"most": most}
            + _for_some(facts),
            _("Your booked sessions."),
        ],
        [
            _("Whether you can book with a psychologist who takes nobody new"),
            _("Only if you have seen them before."),
            _("Your earlier sessions."),
        ],
    ]
    if who := facts.get("who_books"):
        said = {
            "known": _("Some are for people who have been here before, or whom we have approved."),
            "approved": _("Some are only for people whom we have approved."),
        }
        rows.append(
            [
                _("Who can book some services online"),
                space().join(said[each] for each in who),
                _("Your earlier sessions, and whether we agreed with you that you book online."),
            ]
        )
    if within := facts.get("answer_hours"):
        rows.append(
            [
                _("What becomes of a session that you ask for and nobody answers"),
                _("The request ends by itself, after %(hours)s at the latest; we told you until when.")
                % {"hours": durations.hours(max(within))},
                _("The time when you asked, and the time of the session."),
            ]
        )
    if facts["first_visits"]:
        rows.append(
            [
                _("Whether you can book a first visit"),
                _("Only if no session of yours was held here yet, and no other first visit is booked."),
                _("Your sessions."),
            ]
        )
    rows.append(
        [
            _("Whether you can move a session, or cancel it free of charge"),
            _free_time(facts),
            _("The time of the session, when it was booked, and the time when you cancel."),
        ]
    )
    if facts["late_fee_percent"] and (after := facts.get("charge_after_hours")):
        rows.append(
            [
                _("A fee for cancelling late or not coming"),
                _by_itself(facts, after),
                _("The price of the session, its time, the time when you cancelled, and earlier fees of the year."),
            ]
        )
    rows.append(
        [
            _("Whether you can sign in"),
            _("Refused for a few minutes after many wrong tries; signed out after doing nothing for a while."),
            _("Your e-mail address, your internet address and the time."),
        ]
    )
    return rows


def _for_some(facts: PrivacyFacts) -> str:
    """That some services have other limits, where it is so."""
    words = _("Some services have limits of their own: you see them when you choose a time, or ask us.")
    return f"{space()}{words}" if facts.get("own_limits") else ""


def _free_time(facts: PrivacyFacts) -> str:
    until = ngettext(
        "Until %(hours)d hour before it begins.",
        "Until %(hours)d hours before it begins.",
        facts["cancel_hours"],
    ) % {"hours": facts["cancel_hours"]}
    if own := facts.get("own_hours"):
        until += space() + say_own_hours(own)
    if not facts["cancel_hours"]:
        return until
    parts = [until]
    if facts["grace_minutes"]:
        parts.append(
            _("After a later booking: for %(minutes)s.") % {"minutes": durations.minutes(facts["grace_minutes"])}
        )
    if within := facts.get("asked_hours"):
        parts.append(_("Once we confirm what you asked for: for %(hours)s.") % {"hours": durations.hours(within)})
    return space().join(parts)


def _by_itself(facts: PrivacyFacts, after: int) -> str:
    """How the portal decides on fees alone, where the manager turned that on."""
    parts = [
        _(
            "By the rule that we showed you when you booked. If nobody at the clinic has decided within %(hours)s, the "
            "computer sends the invoice."
        )
        % {"hours": durations.hours(after)},
        _("As a rule there is no fee if somebody else takes the time."),
    ]
    if facts.get("waive_first"):
        parts.append(_("We do without your first fee in each calendar year."))
    parts.append(_("You can ask a person to look at it again."))
    return space().join(parts)


def _with_people(facts: PrivacyFacts) -> list[list[str]]:
    rows = []
    if facts["late_fee_percent"] and not facts.get("charge_after_hours"):
        rows.append(
            [
                _("A fee for cancelling late"),
                _(
                    "%(percent)d%% of the price, if you cancel after the free time. Somebody at the front "
                    "desk decides whether you pay it."
                )
                % {"percent": facts["late_fee_percent"]},
                _("The price of the session, its time and the time when you cancelled."),
            ]
        )
    if facts["medicare"]:
        rows.append(
            [
                _("The Medicare item and the rebate on your invoice"),
                _(
                    "By the schedule of Medicare. Somebody at the front desk checks it, and Medicare decides "
                    "what it pays."
                ),
                _("The psychologist's registration, the length and kind of the session, and your referral."),
            ]
        )
    return rows or [
        [
            _("The invoice of a session"),
            _("By our price list. Somebody at the front desk checks it."),
            _("The session and its price."),
        ]
    ]
