"""Whether the keys of the settings open what the database holds: asked at the start, not at somebody's first note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import DatabaseError

from portal.common.crypto.ciphertext import EncryptionError
from portal.common.crypto.fields import encrypted_fields

# `manage.py check --tag keys --database default`, which the web server and the worker pass before they begin.
TAG = "keys"


def register() -> None:
    checks.register(opens_what_is_there, TAG)


def opens_what_is_there(
    app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Opens the newest value of each encrypted column. Finds nothing wrong where there is no database to ask."""
    if not databases:
        return []
    try:
        return list(_unopened())
    except DatabaseError:
        return []


def _unopened() -> Iterator[checks.CheckMessage]:
    for model, fields in encrypted_fields().items():
        for field in fields:
            filled = model._base_manager.exclude(**{f"{field.name}__isnull": True})
            newest = filled.order_by("-pk").first()
            try:
                if newest is not None:
                    getattr(newest, field.name)
            except EncryptionError as problem:
                yield checks.Error(
                    str(problem),
                    hint="Put the clinic's own keys back into PORTAL_ENCRYPTION_KEYS: nothing else opens it.",
                    id="common.E002",
                )
