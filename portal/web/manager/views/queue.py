"""What works in the background, as a manager wants to see it: does it run, what waits, what failed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.durations import hours, minutes
from portal.notifications import heartbeat
from portal.notifications.recipients import Channel
from portal.notifications.twilio.texting import sender_name
from portal.reports import queue
from portal.web.manager.queue_words import words_for


@allow(Role.MANAGER)
@require_safe
def overview(request: ActorRequest) -> HttpResponse:
    now = timezone.now()
    waiting, notices, turns = queue.waiting(now), queue.notices(now), queue.turns(now)
    silence = queue.silence(now)
    context = {
        "zone": ClinicSettings.current().zone,
        "silent_for": _length(int(silence.total_seconds())) if silence else "",
        "never_ran": silence is not None and heartbeat.age(heartbeat.SWEEP, now=now) is None,
        "workers": heartbeat.workers(now=now),
        "late": [words_for(turn.path) for turn in turns if turn.is_late],
        "waiting": waiting,
        "waiting_for": [(words_for(path), count) for path, count in waiting.by_path],
        "running": [
            (words_for(one.path), _length(int((now - one.since).total_seconds()))) for one in queue.running(now)
        ],
        "failures": [(words_for(one.path), one) for one in queue.failures(now)],
        "turns": sorted(((words_for(turn.path), _how_often(turn.minutes), turn) for turn in turns), key=_words),
        "notices": notices,
        "paused": [Channel(name).label for name in notices.paused if name in Channel.values],
        "sender_name": sender_name(),
    }
    return render(request, "manager/queue.html", context)


def _length(seconds: int) -> str:
    if seconds < 60:
        return _("less than a minute")
    return minutes(seconds // 60) if seconds < 7200 else hours(seconds // 3600)


def _words(row: tuple[str, str, queue.Turn]) -> str:
    return row[0]


def _how_often(every: int | None) -> str:
    named = {None: _("each night"), 1: _("each minute"), 60: _("each hour")}
    return named.get(every) or _("every %(length)s") % {"length": minutes(every or 0)}
