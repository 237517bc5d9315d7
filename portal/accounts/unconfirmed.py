"""Accounts whose address nobody has confirmed yet. Anybody can have made one, with any name and password.

So such an account stands in nobody's way: who signs up at its address takes its place, no mail greets by its name, and
a new password is asked for as if there were none. Whoever enters the code that was mailed to them gets what they typed
themself, also if somebody else signed up at the address in between: it is kept in their own session until then.
"""

from __future__ import annotations

import json
from typing import TypedDict

from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.models import EmailAddress
from django.db.models import Exists, F, OuterRef
from django.views.decorators.debug import sensitive_variables

from portal.accounts.models import Grant, User, UserQuerySet
from portal.common.crypto.ciphertext import EncryptionError, Sealed, seal, unseal

# In the state of a mailed code, sealed.
TYPED = "typed"


class Typed(TypedDict):
    """What somebody signed up with; the password is hashed."""

    first_name: str
    last_name: str
    password: str
    language: str


def unconfirmed() -> UserQuerySet:
    """Open accounts that nobody ever came in with, or was given a role in, and no address of which was confirmed."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    granted = Grant.objects.filter(user=OuterRef("pk"))
    return User.objects.active().filter(~Exists(confirmed), ~Exists(granted), last_login=None)


def is_unconfirmed(user: User) -> bool:
    """Whether nobody has shown that the account's address is theirs. One query."""
    return user.last_login is None and unconfirmed().filter(pk=user.pk).exists()


def is_free(email: str) -> bool:
    """Whether a new account may have the address: nobody has confirmed it, and no account stands there for good.

    Two queries, whatever the answer.
    """
    is_confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True).exists()
    is_taken = User.objects.filter(email__iexact=email).exclude(pk__in=unconfirmed().values("pk")).exists()
    return not (is_confirmed or is_taken)


def take_place(account: User) -> None:
    """Has a new account be written over the one that stands at its address, of which nothing is left.

    Call it in a transaction, before the account is saved.
    """
    standing = User.objects.select_for_update(no_key=True).filter(email__iexact=account.email).first()
    if standing is not None and is_unconfirmed(standing):
        account.pk, account.sessions_ended = standing.pk, standing.sessions_ended + 1
        account._state.adding = False
    EmailAddress.objects.filter(email__iexact=account.email, verified=False).delete()


# ---- Whose code it is ------------------------------------------------------------------------------------------------


@sensitive_variables()
def remember(process: EmailVerificationProcess) -> None:
    """Keeps beside the code, in the session that waits for it, what its person signed up with; once for each code."""
    user = process.user
    if not isinstance(user, User) or TYPED in process.state or not is_unconfirmed(user):
        return
    typed = Typed(first_name=user.first_name, last_name=user.last_name, password=user.password, language=user.language)
    process.state[TYPED] = seal(json.dumps(typed).encode(), context=TYPED).token


@sensitive_variables()
def settle(process: EmailVerificationProcess) -> bool:
    """Gives the account what the person of this code typed, and says whether it may be confirmed by it.

    It may not once somebody else has confirmed it. Call it in the transaction in which the address is confirmed.
    """
    user = process.user
    if not isinstance(user, User) or TYPED not in process.state:
        return True
    stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not is_unconfirmed(stored):
        return False
    try:
        typed: Typed = json.loads(unseal(Sealed(process.state[TYPED]), context=TYPED))
    except EncryptionError:
        return False
    if any(getattr(stored, field) != words for field, words in typed.items()):
        User.objects.filter(pk=user.pk).update(**typed, sessions_ended=F("sessions_ended") + 1)
        user.refresh_from_db()
    return True
