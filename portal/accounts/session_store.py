"""Sessions in the database, each read together with whoever's it is.

A page of somebody signed in asks for the session, the account, the roles that it holds, and whether it has a second
factor: one statement instead of four. Nothing is kept from one request to the next, so a session that was ended, a new
password, a closed account or a role that was taken away hold from the next request on.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict, cast

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.accounts.models import Grant, User
from portal.accounts.roles import Role

if TYPE_CHECKING:
    from django.db.models.query import RawQuerySet
    from django_stubs_ext import WithAnnotations

    PersonRead = WithAnnotations[User, "_Read"]


class SessionStore(DatabaseSessions):
    """Django's sessions in the database; `person` is whoever signed in with this one, as the same read found them."""

    person: User | None = None

    def load(self) -> dict[str, Any]:
        found = _with_session(self.session_key or "", now=timezone.now())
        if found is None:
            # Gone, or run out: Django forgets its key.
            return super().load()
        self.person = found if found.pk else None
        return self.decode(found.session_data)


def person_of(session: SessionBase) -> User | None:
    """Whoever's session this is, if it is theirs beyond doubt; of None, Django's own `get_user` has the last word."""
    pk, signed = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY)
    if not pk or not signed or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    person = getattr(session, "person", None)
    if person is None or str(person.pk) != pk:
        # The session came from the cache, or is in nobody's list of devices.
        person = _by_pk(pk)
    if person is None or not person.is_active or not constant_time_compare(signed, person.get_session_auth_hash()):
        return None
    return person


class _Read(TypedDict):
    """What a row tells beside the account: its roles, joined by commas, a second factor, and the session's data."""

    held: str | None
    second_factor: bool
    session_data: str


def _with_session(key: str, *, now: datetime) -> PersonRead | None:
    """A user with `session_data`; one without a primary key where nobody signed in with the session."""
    return _first(_statement(by_session=True), [key, connection.ops.adapt_datetimefield_value(now)])


def _by_pk(pk: str) -> User | None:
    return _first(_statement(by_session=False), [User._meta.pk.to_python(pk)])


def _first(sql: str, params: list[Any]) -> PersonRead | None:
    person = next(iter(cast("RawQuerySet[PersonRead]", User.objects.raw(sql, params))), None)
    if person is not None:
        person.roles = frozenset((person.held or "").split(",")) - {""} | {Role.PATIENT.value}
    return person


@cache
def _statement(*, by_session: bool) -> str:
    """Written by hand: building it from querysets would cost more than all that it saves."""
    users, devices = User._meta.db_table, UserSession._meta.db_table
    kept = (field.column for field in User._meta.concrete_fields if field.column)
    columns = ", ".join(f"u.{connection.ops.quote_name(column)}" for column in kept)
    join = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    held = f"SELECT {join}(g.role, ',') FROM {Grant._meta.db_table} g WHERE g.user_id = u.id AND g.ended_at IS NULL"  # noqa: S608  our own names, here and below
    factor = f"SELECT 1 FROM {Authenticator._meta.db_table} a WHERE a.user_id = u.id"  # noqa: S608
    asked = f"SELECT {columns}, ({held}) AS held, EXISTS ({factor}) AS second_factor"
    if not by_session:
        return f"{asked} FROM {users} u WHERE u.id = %s"
    return (
        f"{asked}, s.session_data FROM {Session._meta.db_table} s "
        f"LEFT JOIN {devices} d ON d.session_key = s.session_key LEFT JOIN {users} u ON u.id = d.user_id "
        "WHERE s.session_key = %s AND s.expire_date > %s"
    )
