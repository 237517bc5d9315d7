"""That an amount is what it was worked out as, for constraints of the database."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import ExpressionWrapper, F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs
from django.db.models.lookups import LessThanOrEqual

# Half a cent is what rounding may take; SQLite counts in binary fractions, hence the hair above it.
_ROUNDING = Value(Decimal("0.0051"), output_field=models.DecimalField(max_digits=10, decimal_places=4))


def near(field: str, expression: Combinable) -> LessThanOrEqual:
    """That a field is an expression rounded to the cent."""
    exact = ExpressionWrapper(F(field) - expression, output_field=models.DecimalField(max_digits=14, decimal_places=4))
    return LessThanOrEqual(Abs(exact), _ROUNDING)
