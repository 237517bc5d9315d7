"""How the trail, notices and work to do name a row of an app that they don't know: its model's label and its code.

A model that moved to another app says in `former_labels` what it was called before; what was written then stays as it
is, and is found and shown under today's label.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from django.apps import apps
from django.db import models


def label_of(model: type[models.Model] | models.Model) -> str:
    """Today's label, such as `policies.PolicyVersion`."""
    return str((model._meta.concrete_model or model)._meta.label)


def code_of(row: models.Model) -> str:
    """The code of a row that has one, as it is written beside the label."""
    return str(cast(Any, row).code)


def labels_of(model: type[models.Model] | models.Model) -> tuple[str, ...]:
    """Every label that a row of this model may have been written under, today's first."""
    return (label_of(model), *getattr(model, "former_labels", ()))


def model_of(label: str) -> type[models.Model] | None:
    """The model that has this label or once had it; None where there is none any more."""
    return _models().get(label)


@lru_cache(maxsize=1)
def _models() -> dict[str, type[models.Model]]:
    found: dict[str, type[models.Model]] = {}
    for model in apps.get_models():
        found.update(dict.fromkeys(labels_of(model)[1:], model))
    found.update({label_of(model): model for model in apps.get_models()})
    return found
