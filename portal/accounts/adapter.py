"""Where django-allauth meets the portal: its e-mails go through the outbox."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import get_language

from portal.notifications import outbox


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        name = template_prefix.rsplit("/", 1)[-1]
        outbox.queue(
            template=f"account/{name}",
            to=email,
            context=context,
            dedupe_key=f"account:{name}:{uuid.uuid4()}",
            language=get_language(),
            secret=True,
        )


class MfaAdapter(DefaultMFAAdapter):
    pass
