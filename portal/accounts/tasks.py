from __future__ import annotations

from django.utils import timezone

from portal.accounts.kept_forms import keeping


def forget_old_forms() -> int:
    """Forgets what was typed a day ago and never sent, and says how many forms that were."""
    return keeping.forget_old(now=timezone.now())
