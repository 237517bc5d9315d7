"""Every stored field is plain, personal or clinical, said beside its model.

Export, erasure, encryption and log scrubbing read this one list; a test fails on a field that is in no class or in two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from django.db import models

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Privacy:
    """Field names by class: `personal` tells who somebody is, `clinical` how they are."""

    plain: frozenset[str]
    personal: frozenset[str]
    clinical: frozenset[str]


class _Classed(Protocol):
    privacy: Privacy


def classed(*, plain: str = "", personal: str = "", clinical: str = "") -> Callable[[type[M]], type[M]]:
    """Classes each field of a model, named by spaces; raises ValueError on a field named twice or not at all."""

    def apply(model: type[M]) -> type[M]:
        named = [*plain.split(), *personal.split(), *clinical.split()]
        fields = {f.name for f in model._meta.local_concrete_fields}
        if wrong := (fields ^ set(named)) | {n for n in named if named.count(n) > 1}:
            raise ValueError(f"{model.__name__}: class these fields once each: {', '.join(sorted(wrong))}")
        privacy = Privacy(frozenset(plain.split()), frozenset(personal.split()), frozenset(clinical.split()))
        cast(type[_Classed], model).privacy = privacy
        return model

    return apply
