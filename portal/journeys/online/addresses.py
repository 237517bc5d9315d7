"""Where a payer comes back to from Stripe's page: the same for all who pay by one try, in the language it began in."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from portal.billing.models import PaymentAttempt


def ways_back(attempt: PaymentAttempt) -> tuple[str, str]:
    """Once it is paid, and where they stop."""
    with override(attempt.language):
        back = settings.PORTAL_BASE_URL + reverse("public:back_from_paying", args=[attempt.code])
    return back, f"{back}?stopped=1"
