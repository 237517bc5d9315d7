"""What the queue runs. Each round is made anew from the rows, so that one that was missed or killed harms nothing."""

from __future__ import annotations

from django.utils import timezone

from portal.common.access.actors import Actor
from portal.journeys import alerting, late_fees, measuring, paying, reports_owing, requests
from portal.journeys.rearranging import deciding
from portal.journeys.to_do import notices, owing, people, sessions

WORKLIST, LATE_FEES = Actor.system("worklist"), Actor.system("late fees")


def look_at_notices() -> dict[str, int]:
    """Each minute: what the outbox gave up, or can't know, comes to the desk."""
    now = timezone.now()
    return {
        "closed": notices.close_what_is_settled(by=WORKLIST, now=now),
        "raised": notices.raise_undelivered(by=WORKLIST, now=now),
    }


def look_at_sessions() -> dict[str, int]:
    """Each quarter of an hour: sessions of a past day, from the morning on, those that nobody is there for or
    no place, and money that is held and used no more.

    What is over goes off the list, and times that were offered of a session that takes place after all. Fees on which
    nobody decided are settled by the clinic's rules, where the manager turned that on.
    """
    now = timezone.now()
    paying.ask_no_more_ahead(by=WORKLIST, now=now)
    return {
        "plans": owing.go_round(by=WORKLIST, now=now),
        "settled": late_fees.settle_by_rule(by=LATE_FEES, now=now),
        "closed": sessions.close_what_is_over(by=WORKLIST, now=now)
        + deciding.end_needless_offers(by=WORKLIST, now=now),
        "raised": sessions.raise_open_sessions(by=WORKLIST, now=now)
        + sessions.raise_all_ahead_held(by=WORKLIST, now=now)
        + sessions.raise_all_left_behind(by=WORKLIST, now=now),
    }


def look_at_requests() -> dict[str, int]:
    """Each minute: requests that nobody answered in time end, and their patients are told."""
    return {"ended": requests.lapse_unanswered(by=WORKLIST, now=timezone.now())}


def look_at_people() -> dict[str, int]:
    """Each minute: records that were made while booking are compared with those that were there before."""
    return {"raised": people.compare_new_records(by=WORKLIST, now=timezone.now())}


def look_at_reports() -> dict[str, int]:
    """Each half hour: reports that are owed to referrers by now, and those whose reason is gone."""
    return reports_owing.go_round(by=WORKLIST, now=timezone.now())


def look_at_alerts() -> dict[str, int]:
    """Each minute: worrying answers that nobody looked at in time go to whoever is on duty."""
    return {"passed_on": alerting.go_round(by=WORKLIST, now=timezone.now())}


def look_at_measures() -> dict[str, int]:
    """Each quarter of an hour: measures that are asked for before coming sessions, and those of sessions called off."""
    return measuring.go_round(by=WORKLIST, now=timezone.now())
