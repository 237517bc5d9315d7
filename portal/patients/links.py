"""Links that are mailed to one address about a patient: good once and for a week, of which only a hash is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.utils.translation import override

from portal.accounts.links import absolute
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.patients.models import MailedLink, Patient
from portal.patients.reaching import language_of
from portal.patients.refusals import LinkClosed

LASTS = timedelta(days=7)
MOST_WRONG_DATES = 5
# Where a browser's session keeps the token, so that it leaves the address at once.
IN_SESSION = "mailed_link"


def make(
    patient: Patient, *, purpose: MailedLink.Purpose, email: str, by: Actor, now: datetime
) -> tuple[MailedLink, str]:
    """A new link and its token; one for the same purpose that is still out stops working.

    Call it in the transaction that holds the patient's row.
    """
    close(patient, purpose=purpose, why="replaced", now=now)
    token = secrets.token_urlsafe(32)
    link = MailedLink.objects.create(
        purpose=purpose,
        patient=patient,
        email=email,
        token_hash=MailedLink.hash_of(token),
        sent_by=by.user,
        sent_at=now,
        expires_at=now + LASTS,
    )
    return link, token


def mail(link: MailedLink, token: str, *, template: str) -> None:
    """Sends the link to its address in the patient's language; `template` is a notice's name."""
    language = language_of(link.patient)
    with override(language):
        url = absolute("public:mailed_link", token)
    outbox.queue(
        template=template,
        to=Recipient.by_email(link.email),
        about=link,
        # Not their name: the address may have been written down wrongly.
        context={"url": url, "days": LASTS.days},
        dedupe_key=f"{template}:{link.code}",
        language=language,
        secret=True,
    )


def open_link(token: str, *, now: datetime) -> MailedLink:
    """What a link leads to; raises LinkClosed, which says no more than that it works no longer."""
    link = MailedLink.objects.with_token(token).outstanding().first()
    if link is None or link.expired(now=now):
        raise LinkClosed
    return link


def is_invited(token: str, *, now: datetime) -> bool:
    """Whether this is the token of an invitation that still works; no question is asked without one."""
    out = MailedLink.objects.with_token(token).outstanding().invitations().filter(expires_at__gt=now)
    return bool(token) and out.exists()


def close(patient: Patient, *, purpose: MailedLink.Purpose | None = None, why: str, now: datetime) -> list[MailedLink]:
    """Makes the links useless that are still out, and sends no e-mail with them that still waits."""
    out = MailedLink.objects.outstanding().filter(patient=patient).order_by("pk")
    if purpose is not None:
        out = out.filter(purpose=purpose)
    closed = [link for link in out if shut(link, why=why, now=now)]
    for link in closed:
        outbox.withdraw(about=link, why=why, now=now)
    return closed


def shut(link: MailedLink, *, why: str, now: datetime) -> bool:
    """Makes one link useless, and says whether it was of use until now."""
    return bool(MailedLink.objects.outstanding().filter(pk=link.pk).update(closed_at=now, closed_why=why))


def used(link: MailedLink, *, by: Actor, now: datetime) -> None:
    """It did its work; nobody need ask any more whether its e-mail arrived."""
    MailedLink.objects.outstanding().filter(pk=link.pk).update(used_at=now, used_by=by.user)
    outbox.withdraw(about=link, why="used", now=now)


def wrong_date(link: MailedLink, *, now: datetime) -> None:
    """Counts a birth date that was not the patient's, and shuts the link after too many. Call it with its row held."""
    link.wrong_dates += 1
    MailedLink.objects.filter(pk=link.pk).update(wrong_dates=link.wrong_dates)
    if link.wrong_dates >= MOST_WRONG_DATES:
        shut(link, why="too_many", now=now)
