"""The demo: an invented clinic, seeded through the portal's own actions, and never laid over a real one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.ops.demo import (
    articles,
    calendars,
    clinic,
    conversations,
    history,
    labels,
    letters,
    measures,
    policies,
    reached,
    resources,
    schedule,
    sign_ins,
    waiting,
    work,
)
from portal.ops.demo.sign_ins import PASSWORD, SIGN_INS

__all__ = ["PASSWORD", "SIGN_INS", "is_seeded", "may_use_database", "seed"]


def may_use_database() -> bool:
    """Whether the database is a demo's, or nobody's yet."""
    tables = set(connection.introspection.table_names())
    if not tables:
        return True
    if not {ClinicSettings._meta.db_table, User._meta.db_table} <= tables:
        # A first start that was cut off while it made the tables; anything else is not ours to touch.
        return tables <= {"django_migrations", *connection.introspection.django_table_names(include_views=False)}
    if ClinicSettings.objects.exists():
        return ClinicSettings.objects.filter(is_demo=True).exists()
    return not User.objects.exists()


def is_seeded() -> bool:
    return ClinicSettings.objects.filter(is_demo=True).exists()


@transaction.atomic
def seed(*, say: Callable[[str], object] = lambda line: None) -> None:
    """Fills an empty database with the clinic, its people and their history: all of it, or nothing."""
    clinic.found(is_demo=True)
    sign_ins.welcome_patients()
    accounts = {person: User.objects.get(email=person.email) for person in sign_ins.SIGN_INS}
    now = timezone.now().replace(second=0, microsecond=0)
    policies.publish(now=now)
    history.tell(accounts=accounts, now=now, say=say)
    waiting.tell(accounts=accounts, now=now)
    work.leave(accounts=accounts, now=now)
    calendars.connect(accounts=accounts, now=now)
    conversations.hold(accounts=accounts, now=now)
    measures.follow(accounts=accounts, now=now)
    articles.write(accounts=accounts, now=now, say=say)
    resources.put_up(accounts=accounts, now=now, say=say)
    letters.put_on_file(accounts[sign_ins.JORDAN], by=Actor(accounts[sign_ins.GRACE], Role.RECEPTION), now=now)
    helen = Actor(accounts[sign_ins.HELEN], Role.MANAGER)
    schedule.read(by=helen, today=ClinicSettings.current().today(now), now=now - timedelta(days=2))
    reached.say(by=Actor(accounts[sign_ins.GRACE], Role.RECEPTION), now=now)
    labels.say()
