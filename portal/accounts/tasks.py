from __future__ import annotations

from django.utils import timezone

from portal.accounts import failures
from portal.accounts.kept_forms import keeping


def forget_old_forms() -> int:
    """Forgets what was typed a day ago and never sent, and says how many forms that were."""
    return keeping.forget_old(now=timezone.now())


def tell_owners() -> int:
    """Tells people that somebody tried to sign in as them, and says how many."""
    return failures.tell_owners(now=timezone.now())
