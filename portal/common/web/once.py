"""A form that makes something makes it once, however often it is sent: a double click, a slow line, a step back.

    {% once_key %}                                               in the form, beside its token

    @allow(Role.RECEPTION)
    @once
    def new(request):
        ...
        with making(request, now=now) as made:
            patient = register_patient(...)
            made.leads_to("reception:patient", patient.code)
        return made.answer

The key is claimed in the transaction of the making, as its first statement. Whoever sends the same form meanwhile waits
for the claim, and is led to where the first was led; if the first came to nothing, the next may make it. A form that is
refused claims nothing and keeps its key.

What is kept is a digest of the key with the address, with whoever sent it and with all that was sent, and where that
led. So a key of somebody else's is as good as a new one and tells nothing; and a page that is gone back to, changed and
sent again makes the other thing that it says. A form without a key, from a page of before, makes as it always did.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import messages
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from portal.common.forms.hidden import OWN_FIELDS
from portal.common.web.htmx import redirect_to

FIELD = "once"
MARK = "portal_once"
TABLE = "portal_presses"
LIFE = timedelta(days=1)
# Drawn anew for the same page, and no part of what was said on it.
_NOT_SAID = OWN_FIELDS | {FIELD}
_ON_REQUEST = "_portal_press"

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)


class AlreadyMade(Exception):
    """The same form was sent before and made its thing; `led_to` is where it led."""

    def __init__(self, led_to: str) -> None:
        super().__init__("sent before")
        self.led_to = led_to


class Press:
    """One sending of a form: whether it made something, and where that leads."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.digest = _digest(request)
        self.led_to = ""
        self.came_to_nothing = False

    def leads_to(self, to: Any, *args: Any, **kwargs: Any) -> None:
        """Says where all that send this form are led; takes what `redirect` takes."""
        self.led_to = resolve_url(to, *args, **kwargs)

    @property
    def answer(self) -> HttpResponse:
        """Leads on, by a redirect or as htmx is led."""
        return redirect_to(self.request, self.led_to)

    @property
    def made_before(self) -> str:
        """Where the same form led when it made its thing; empty if it made nothing yet, or carries no key."""
        if not self.digest:
            return ""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT led_to FROM {TABLE} WHERE digest = %s", [self.digest])  # noqa: S608 - our own table
            row = cursor.fetchone()
        return str(row[0]) if row else ""

    def claim(self, now: datetime) -> None:
        """Makes this sending the one that makes, or raises AlreadyMade; waits for another that is about it."""
        if not self.digest:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {TABLE} (digest, pressed_at, led_to) VALUES (%s, %s, '') ON CONFLICT DO NOTHING",  # noqa: S608
                [self.digest, int(now.timestamp())],
            )
            is_first = cursor.rowcount == 1
        if not is_first:
            raise AlreadyMade(self.made_before)

    def follows(self, answer: HttpResponse) -> None:
        """Leads to where this answer leads; one that leads nowhere has made nothing, and claims nothing."""
        self.led_to = str(answer.headers.get("Location", ""))
        if not self.led_to:
            self.made_nothing()

    def made_nothing(self) -> None:
        """Gives the claim back, and keeps what else was written, as the count of a wrong answer is."""
        self.came_to_nothing = True

    def keep(self) -> None:
        """Writes down where it led, in the transaction of the claim."""
        if not self.led_to and not self.came_to_nothing:
            raise ValueError("say where the form leads")
        if not self.digest:
            return
        with connection.cursor() as cursor:
            if self.came_to_nothing:
                self.led_to = ""
                cursor.execute(f"DELETE FROM {TABLE} WHERE digest = %s", [self.digest])  # noqa: S608 - our own table
            else:
                kept = [self.led_to, self.digest]
                cursor.execute(f"UPDATE {TABLE} SET led_to = %s WHERE digest = %s", kept)  # noqa: S608 - our own table


def once(view: Callable[Concatenate[R, P], HttpResponseBase]) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """Marks a view whose form makes something inside `making`: sent again, it is led to where the first was led.

    Looked for after a refusal too: what stands in the way of the second is mostly what the first has made.
    """

    @wraps(view)
    def pressed(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        press = Press(request)
        setattr(request, _ON_REQUEST, press)
        if led_to := press.made_before:
            return _again(request, led_to)
        try:
            try:
                response = view(request, *args, **kwargs)
            except IntegrityError:
                # Somebody else made the like in this moment. Asked again, the form finds it and says so in words.
                if press.made_before:
                    raise
                _rewind(request)
                response = view(request, *args, **kwargs)
        except AlreadyMade as made:
            return _again(request, made.led_to)
        except Exception:
            if led_to := press.made_before:
                return _again(request, led_to)
            raise
        if response.status_code != HTTPStatus.OK and not press.led_to and (led_to := press.made_before):
            return _again(request, led_to)
        return response

    setattr(pressed, MARK, True)
    return pressed


@contextmanager
def making(request: HttpRequest, *, now: datetime) -> Iterator[Press]:
    """One transaction that makes what the form of a `once` view asks for, and says where it leads.

    Raises AlreadyMade, which is the decorator's to answer, and whatever the block raises: nothing is claimed then.
    """
    press = getattr(request, _ON_REQUEST, None)
    if not isinstance(press, Press):
        raise TypeError("making() stands in a view marked with @once")
    try:
        with transaction.atomic():
            press.claim(now)
            yield press
            press.keep()
    except BaseException:
        press.led_to = ""
        raise


def key_for(request: HttpRequest | None) -> str:
    """The key of a form on this page: a new one, or what a refused form came with."""
    press = getattr(request, _ON_REQUEST, None)
    if request is not None and isinstance(press, Press) and press.digest and not press.led_to:
        return str(request.POST[FIELD])
    return uuid.uuid4().hex


def sweep() -> int:
    """Forgets the forms that were sent more than a day ago, and says how many."""
    with connection.cursor() as cursor:
        before = int((timezone.now() - LIFE).timestamp())
        cursor.execute(f"DELETE FROM {TABLE} WHERE pressed_at < %s", [before])  # noqa: S608 - our own table
        return int(cursor.rowcount)


def _again(request: HttpRequest, led_to: str) -> HttpResponse:
    # What the first sending says is still to be shown: nothing has to be added to it.
    if not len(messages.get_messages(request)):
        messages.success(request, _("Done. This was sent more than once, and counted once."))
    return redirect_to(request, led_to)


def _digest(request: HttpRequest) -> str:
    """What this sending shares with a repeat of it and with nothing else; empty without a key."""
    key = request.POST.get(FIELD, "")
    try:
        uuid.UUID(key)
    except ValueError:
        return ""
    said = [(name, values) for name, values in request.POST.lists() if name not in _NOT_SAID]
    files = [(name, file.name, _sum(file)) for name, held in request.FILES.lists() for file in held]
    # Somebody who isn't signed in is known by the cookie that their token stands for.
    who = f"user {request.user.pk}" if request.user.is_authenticated else f"visitor {request.META.get('CSRF_COOKIE')}"
    whole = json.dumps([key, who, request.path, said, files])
    return salted_hmac(__name__, whole, algorithm="sha256").hexdigest()


def _rewind(request: HttpRequest) -> None:
    for _name, files in request.FILES.lists():
        for file in files:
            file.seek(0)


def _sum(file: Any) -> str:
    total = hashlib.sha256()
    for chunk in file.chunks():
        total.update(chunk)
    file.seek(0)
    return total.hexdigest()
