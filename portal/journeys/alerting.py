"""Worrying answers: their psychologist is told at once, and whoever is on duty where nobody looked in time.

Neither the notice nor the thing to do says whom it is about or what was answered; both lead to a page that asks who one
is. Where nobody is on duty, the work is the manager's, who sees whom to ring and no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.debug import sensitive_variables

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.journeys.to_do import steps
from portal.journeys.to_do.kinds import ALERT
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.notifications.rendering import known
from portal.records import alerts
from portal.records.instruments.shape import Flag
from portal.records.models import Measure, RiskAlert
from portal.worklist.models import ToDo

TEMPLATE = "alert"


@transaction.atomic
def raise_alert(*, measure: Measure, flags: Sequence[Flag], by: Actor, now: datetime) -> RiskAlert:
    """Raises the alert in the transaction that keeps the answers, and tells who asked for them."""
    alert = alerts.raise_alert(measure=measure, flags=flags, by=by, now=now)
    _put_before(measure.author, alert, due_at=alert.escalates_at, by=by, now=now)
    return alert


@transaction.atomic
def see(*, alert: RiskAlert, by: Actor, now: datetime) -> bool:
    """Somebody looks at it now: nobody else is told any more. Raises NotTheirs."""
    first = alerts.see(alert=alert, by=by, now=now)
    if first:
        outbox.withdraw(about=alert, why="seen", now=now)
    return first


@sensitive_variables("done")
@transaction.atomic
def end(*, alert: RiskAlert, done: str, by: Actor, now: datetime) -> None:
    """Ends it, with what was done. Raises AlreadyEnded, NothingWritten, NotTheirs."""
    ended = alerts.end(alert=alert, done=done, by=by, now=now)
    outbox.withdraw(about=ended, why="ended", now=now)
    for to_do in ToDo.objects.still_open().of_kind(ALERT.name).about(ended):
        steps.close(to_do, outcome="ended", by=by, now=now)


def go_round(*, by: Actor, now: datetime) -> int:
    """Passes on what nobody looked at in time, and says how much that was."""
    late = RiskAlert.objects.unseen().filter(passed_at__isnull=True, escalates_at__lte=now)
    return sum(_pass_on(alert, by=by, now=now) for alert in late.order_by("escalates_at", "pk")[:100])


@transaction.atomic
def _pass_on(alert: RiskAlert, *, by: Actor, now: datetime) -> bool:
    clinic = ClinicSettings.current()
    duty = None
    if clinic.duty_psychologist_id is not None and clinic.duty_psychologist_id != alert.author_id:
        on_duty = Psychologist.objects.practising().select_related("user").filter(pk=clinic.duty_psychologist_id)
        duty = on_duty.first()
    if not alerts.pass_on(alert=alert, to=duty, by=by, now=now):
        return False
    if duty is not None:
        # The same time once more; then it is the manager's to find somebody.
        _put_before(duty, alert, due_at=now + timedelta(minutes=clinic.alert_minutes), by=by, now=now)
    else:
        for manager in User.objects.holding(Role.MANAGER).active():
            _write_to(manager, alert, reverse_name="manager:to_do")
    return True


def _put_before(who: Psychologist, alert: RiskAlert, *, due_at: datetime, by: Actor, now: datetime) -> None:
    steps.put_on_list(
        ALERT,
        about=alert,
        dedupe_key=f"{ALERT.name}:{alert.code}:{who.pk}",
        person=str(who.user_id),
        due_at=due_at,
        escalates_at=due_at,
        by=by,
        now=now,
    )
    if who.user is not None and who.user.is_active:
        _write_to(who.user, alert)


def _write_to(user: User, alert: RiskAlert, *, reverse_name: str = "") -> None:
    language = known(user.language)
    with override(language):
        path = reverse(reverse_name) if reverse_name else reverse("psychologist:alert", args=[alert.code])
    outbox.queue(
        template=TEMPLATE,
        to=Recipient.by_email(user.email),
        context={"name": user.called, "path": path},
        dedupe_key=f"{TEMPLATE}:{alert.code}:{user.pk}",
        language=language,
        about=alert,
    )
