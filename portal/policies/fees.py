"""The fees and cancellation policy, from its facts alone. Prices stand above it on the page, live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.common.languages import durations
from portal.common.languages.punctuation import listed, space
from portal.common.languages.times import clock, weekday
from portal.policies.document import Block, Document, Section, items, own, section, text
from portal.policies.facts import FeesFacts, OwnFees, OwnHours

# A Wednesday, ten in the morning: only its weekday and hour are ever printed.
_SESSION = datetime(2026, 1, 7, 10, 0, tzinfo=UTC)


def write(facts: FeesFacts) -> Document:
    return {
        "title": _("Fees and cancellation policy"),
        "summary": _in_short(facts),
        "sections": [
            section("paying", _("How you pay"), *_paying(facts)),
            _medicare(facts),
            section("changing", _("If your plans change"), *_changing(facts)),
            section("missed", _("If you do not come"), *_missed(facts)),
            section("waived", _("When there is no fee"), *_waived(facts)),
            section(
                "reminders",
                _("Reminders"),
                text(
                    _(
                        "We may send you a reminder before a session. It is a courtesy: the session stays "
                        "booked, and this policy holds, also when a reminder does not reach you."
                    )
                ),
            ),
            section(
                "we",
                _("If we cancel"),
                text(
                    _(
                        "If we have to cancel or move your session, you pay nothing for it, and we offer you "
                        "another time."
                    )
                ),
            ),
            section("questions", _("Questions, or trouble paying"), *_questions(facts)),
            *([section("own", _("From the clinic"), *own(facts["additions"]))] if facts["additions"].strip() else []),
        ],
    }


def _in_short(facts: FeesFacts) -> list[str]:
    hours, percent = facts["cancel_hours"], facts["late_fee_percent"]
    found = [_("You see the price before you book, and pay it on the day of the session.")]
    if not percent:
        found.append(_("Cancelling or moving a session costs nothing."))
    elif hours:
        found.append(
            _(
                "You can cancel or move a session free of charge until %(hours)s before it begins. After "
                "that, cancelling costs %(percent)d%% of the price."
            )
            % {"hours": durations.hours(hours), "percent": percent}
        )
    else:
        found.append(_("You can cancel or move a session free of charge until it begins."))
    if near := _nearer(facts):
        found.append(near)
    if facts["medicare"]:
        found.append(_("Medicare pays nothing towards sessions that were cancelled late or missed."))
    return found


def _paying(facts: FeesFacts) -> list[Block]:
    ways = [_("by card or in cash at the front desk")]
    if facts["card_online"]:
        ways.append(_("by card on this website"))
    if facts["bank_transfer"]:
        ways.append(_("by bank transfer, with the invoice number as the reference"))
    days = facts["payment_terms_days"]
    due = (
        ngettext(
            "If you have not paid on the day, the invoice is due %(days)d day after its date.",
            "If you have not paid on the day, the invoice is due %(days)d days after its date.",
            days,
        )
        % {"days": days}
        if days
        else _("Invoices are due on their date.")
    )
    if facts["gst_registered"] and facts["taxable"]:
        gst = _(
            "Psychological treatment is free of GST. Services with GST, such as some reports, say so with their price."
        )
    else:
        gst = _("Psychological treatment is free of GST.")
    return [
        text(
            _(
                "You pay the fee on the day of the session. The price that we showed you when you booked "
                "is the price you pay, also if our fees change before the session."
            )
        ),
        items(ways),
        text(_("You get an invoice for every session.") + space() + due),
        text(gst),
    ]


def _medicare(facts: FeesFacts) -> Section:
    title = _("What Medicare gives back")
    if not facts["medicare"]:
        return section("medicare", title, text(_("Medicare pays no rebate for our services.")))
    return section(
        "medicare",
        title,
        text(
            _(
                "Ask your GP for a mental health treatment plan and a referral. Medicare then pays back "
                "part of the fee for up to 10 sessions in each calendar year. A first referral covers up "
                "to 6 of them. How much it pays depends on the psychologist's registration and on how "
                "long the session is."
            )
        ),
        text(_("Every invoice that we print has what Medicare asks for. You can claim with it in the Medicare app.")),
        text(
            _(
                "You pay the whole fee first, and the rebate comes back to you. If Medicare pays less "
                "than we expected, or nothing, the fee stays the same."
            )
        ),
    )


def _changing(facts: FeesFacts) -> list[Block]:
    hours, percent = facts["cancel_hours"], facts["late_fee_percent"]
    how = text(_("Cancel or move a session in your pages on this website, or tell the front desk."))
    if not hours:
        until_it_begins = text(_("You can cancel or move a session free of charge until it begins."))
        return [until_it_begins, *([text(say_own_hours(facts["own_hours"]))] if facts.get("own_hours") else []), how]
    free = ngettext(
        "You can cancel or move a session free of charge until %(hours)d hour before it begins.",
        "You can cancel or move a session free of charge until %(hours)d hours before it begins.",
        hours,
    ) % {"hours": hours}
    if percent:
        after = _("After that, cancelling costs %(percent)d%% of the price.") % {"percent": percent}
        if near := _nearer(facts):
            after += space() + near
    else:
        after = _("After that, please tell us all the same: somebody may be waiting for the time. There is no fee.")
    promised = text(_("The rule that we showed you when you booked holds for that session, also if it changes later."))
    blocks = [text(f"{free}{space()}{after}"), text(_counted(hours))]
    if facts.get("own_hours"):
        blocks.append(text(say_own_hours(facts["own_hours"])))
    if own_fees := facts.get("own_fees"):
        blocks += [text(_("For these services the fees are others:")), items([_own_fees(each) for each in own_fees])]
    if percent and facts["grace_minutes"]:
        grace = _(
            "If you book so late that this time is over, or nearly, you can still cancel or move the session free of "
            "charge for %(minutes)s after you book, until it begins."
        ) % {"minutes": durations.minutes(facts["grace_minutes"])}
        blocks.append(text(grace))
    if percent and (within := facts.get("asked_hours")):
        confirmed = _(
            "If you ask for a session and we confirm it, you can cancel or move it free of charge for %(hours)s after "
            "we confirm it, until it begins."
        ) % {"hours": durations.hours(within)}
        blocks.append(text(confirmed))
    blocks += [how, promised]
    if percent:
        blocks.append(
            text(
                _(
                    "After the free time you can still cancel on this website until the session begins; the "
                    "page shows the fee before you press the button. To move a session that late, please "
                    "phone us."
                )
            )
        )
    if percent and facts["medicare"]:
        blocks.append(
            text(_("Medicare pays nothing towards this fee, and most health funds and insurers do not either."))
        )
    return blocks


def _nearer(facts: FeesFacts) -> str:
    """The second fee, in a sentence; empty where there is but one."""
    hours = facts.get("near_hours")
    if not hours:
        return ""
    said = {"hours": durations.hours(hours), "percent": facts["near_fee_percent"]}
    return _("Less than %(hours)s before it begins, cancelling costs %(percent)d%% of the price.") % said


def _own_fees(own: OwnFees) -> str:
    said: dict[str, object] = {"service": own["service"], "late": own["late"], "missed": own["missed"]}
    if "near_hours" not in own:
        words = _("%(service)s: %(late)d%% for cancelling after the free time, %(missed)d%% for not coming.")
        return words % said
    said |= {"near": own["near"], "hours": durations.hours(own["near_hours"])}
    words = _(
        "%(service)s: %(late)d%% for cancelling after the free time, %(near)d%% less than %(hours)s before it begins, "
        "%(missed)d%% for not coming."
    )
    return words % said


def say_own_hours(own: Sequence[OwnHours]) -> str:
    """For which services the free time is another one, in a sentence."""
    named = [
        _("%(service)s (%(hours)s)") % {"service": each["service"], "hours": durations.hours(each["hours"])}
        for each in own
    ]
    return _("For these services the free time ends so long before the session: %(services)s.") % {
        "services": listed(named)
    }


def _counted(hours: int) -> str:
    """How the deadline is counted, with an example that is worked out from the setting itself."""
    last = _SESSION - timedelta(hours=hours)
    days = (_SESSION.date() - last.date()).days
    words = {
        "session_time": _clock(_SESSION),
        "time": _clock(last),
        "session_day": _weekday(_SESSION),
        "day": _weekday(last),
    }
    counting = _("We count hours by the clock, at the place of the session; weekends and public holidays count too.")
    if days == 0:
        example = _("For a session on %(session_day)s at %(session_time)s, it is free until %(time)s on the same day.")
    elif days < 7:
        example = _("For a session on %(session_day)s at %(session_time)s, it is free until %(day)s at %(time)s.")
    else:
        words["days"] = durations.days(days)
        example = _("For a session on %(session_day)s at %(session_time)s, it is free until %(time)s %(days)s before.")
    return f"{counting}{space()}{example % words}"


def _weekday(moment: datetime) -> str:
    return weekday(moment.date())


def _clock(moment: datetime) -> str:
    return clock(moment, "UTC")


def _missed(facts: FeesFacts) -> list[Block]:
    percent = facts["no_show_percent"]
    if not percent:
        return [
            text(
                _(
                    "If you miss a session without telling us, there is no fee. Please call us, so that we "
                    "know you are all right."
                )
            )
        ]
    words = _("If you do not come and have not cancelled, the fee is %(percent)d%% of the price.") % {
        "percent": percent
    }
    if facts["medicare"]:
        words += space() + _("Medicare pays nothing towards it.")
    return [
        text(words),
        text(_("If you come late, we see you for the time that is left, and the price stays the same.")),
    ]


def _waived(facts: FeesFacts) -> list[Block]:
    if not facts["late_fee_percent"] and not facts["no_show_percent"]:
        return [text(_("We charge no fee for sessions that were cancelled or missed."))]
    if after := facts.get("charge_after_hours"):
        by_itself = _(
            "If nobody at the clinic has decided within %(hours)s, the computer sends the invoice by itself, by the "
            "rules of this page. You can always ask a person to look at it again."
        ) % {"hours": durations.hours(after)}
        who = text(
            _(
                "Things happen: if you or someone close to you was ill or in danger, phone us and tell us. You need "
                "not give details."
            )
            + space()
            + by_itself
        )
    else:
        who = text(
            _(
                "A person decides about the fee, never the computer alone. Things happen: if you or "
                "someone close to you was ill or in danger, phone us and tell us. You need not give "
                "details."
            )
        )
    blocks = [
        who,
        text(_("As a rule there is no fee if somebody else takes the time.")),
        *([text(_("We do without your first fee in each calendar year."))] if facts.get("waive_first") else []),
        text(
            _(
                "Some insurers and programs, such as workers compensation, do not let us charge you for "
                "a missed session. Then we do not."
            )
        ),
    ]
    return [*blocks, *own(facts["waiver"])]


def _questions(facts: FeesFacts) -> list[Block]:
    reach = [word for word in (facts["phone"], facts["email"]) if word]
    return [
        text(_("If paying is hard, talk to us before the session. We would rather find a way than see you stop.")),
        *([items(reach)] if reach else []),
    ]
