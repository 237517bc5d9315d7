"""What failed or was refused at the door, in the log and in the trail.

The same is written whether or not the address has an account, so that neither words nor time tell the two apart. The
owner is told by e-mail, by a job a little later: what costs time for accounts that exist is no part of the answer.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.accounts.attempts import Door
from portal.accounts.links import absolute
from portal.accounts.models import User
from portal.accounts.unconfirmed import unconfirmed
from portal.audit import trail
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.common.access.limits import within
from portal.common.labels import labels_of
from portal.notifications import outbox
from portal.notifications.models import Notice
from portal.notifications.recipients import Recipient

logger = logging.getLogger("portal.sign_in")

DOOR = Actor.system("sign-in")
FAILED, SLOWED, REFUSED = "account.sign_in_failed", "account.sign_in_slowed", "account.page_refused"
TOLD = "account/sign_in_slowed"
# The trail only grows, so strangers may not make it grow as they like; the log has every one.
MOST_IN_THE_TRAIL = 60
MOST_REFUSALS = 20
# One e-mail for all that happens within so long.
BURST = timedelta(hours=12)
_PAGE = re.compile(r"(?=.{1,40}\Z)[a-z][a-z0-9]*(?:[_:][a-z0-9]+){0,3}")
# How far back the job looks that tells the owners; it comes every minute.
LATELY = timedelta(minutes=30)


def failed(request: HttpRequest, door: Door, email: str) -> None:
    """A wrong password or code."""
    user = _whose(email)
    logger.warning("Sign-in failed.", extra=_facts(request, door, user))
    if within("sign-in-failed", who="everybody", most=MOST_IN_THE_TRAIL, seconds=60):
        trail.record(FAILED, by=DOOR, target=user, at=timezone.now(), asked_for=door, place=_place(request))


def slowed(request: HttpRequest, door: Door, email: str) -> None:
    """One try too many: it was not looked at. The trail has one line for each place and person in five minutes."""
    user, place = _whose(email), _place(request)
    logger.warning("Sign-in slowed down.", extra=_facts(request, door, user))
    whom = salted_hmac("portal.accounts.failures", email.strip().lower()).hexdigest()
    first = within("sign-in-slowed", who=f"{door}-{place}-{whom}", most=1, seconds=300)
    if first and within("sign-in-slowed", who="everybody", most=MOST_IN_THE_TRAIL, seconds=60):
        trail.record(SLOWED, by=DOOR, target=user, at=timezone.now(), asked_for=door, place=place)


def refused(user: User, *, page: str, by: Actor) -> None:
    """Somebody knocked at a page that is not for them; `page` is the name of its address."""
    if not within("page-refused", who=str(user.code), most=MOST_REFUSALS, seconds=3600):
        return
    # Some names are longer than a fact of the trail may be: then the room alone is said.
    said = page if _PAGE.fullmatch(page) else page.partition(":")[0]
    trail.record(REFUSED, by=by, target=user, at=timezone.now(), page=said if _PAGE.fullmatch(said) else "other")


def _whose(email: str) -> User | None:
    return User.objects.filter(email=email.strip().lower()).first()


def _place(request: HttpRequest) -> str:
    """The same word for the same place, and nobody learns from it which."""
    return "p" + salted_hmac("portal.accounts.places", ratelimit.get_ip(request)).hexdigest()[:10]


def _facts(request: HttpRequest, door: Door, user: User | None) -> dict[str, str]:
    return {"door": door, "account": str(user.code) if user else "none", "place": _place(request)}


def tell_owners(*, now: datetime) -> int:
    """Tells each person whose sign-in was slowed down, once for all of it, in their language; says how many."""
    lately = Entry.objects.filter(verb=SLOWED, at__gt=now - LATELY, target_label__in=labels_of(User)).order_by("pk")
    newest = {entry.target_code: entry for entry in lately if entry.facts.get("asked_for") != "mail"}
    # Whose address nobody has confirmed is no owner, and the name may be anybody's words.
    people = User.objects.active().filter(code__in=newest).exclude(pk__in=unconfirmed().values("pk"))
    told = 0
    for user in people:
        if Notice.objects.about(user).filter(template=TOLD, created_at__gt=now - BURST).exists():
            continue
        entry = newest[str(user.code)]
        outbox.queue(
            template=TOLD,
            to=Recipient.by_email(user.email),
            about=user,
            context={
                "name": user.called,
                "at": entry.at,
                "knows_the_password": entry.facts.get("asked_for") == "code",
                "secure_url": absolute("account_reset_password"),
            },
            dedupe_key=f"{TOLD}:{user.code}:{entry.pk}",
            language=user.language or settings.LANGUAGE_CODE,
        )
        told += 1
    return told
