"""Who waits for whom: an account before the record that it opens, records by their ids, then links that were mailed.

Whoever signs in with another address changes both in this order, and so does whoever claims a record.
"""

from __future__ import annotations

from collections.abc import Iterable

from portal.accounts.models import User
from portal.patients.models import Patient


def hold_record(patient: Patient) -> Patient:
    """The record as it is now, after its account, if one opens it, until the transaction ends."""
    return hold_records([patient])[patient.pk]


def hold_records(patients: Iterable[Patient]) -> dict[int, Patient]:
    """Several, by their ids."""
    known = {patient.pk: patient.user_id for patient in patients}
    if accounts := [user for user in known.values() if user is not None]:
        list(User.objects.select_for_update(no_key=True).filter(pk__in=accounts).order_by("pk").values_list("pk"))
    rows = Patient.objects.select_for_update(no_key=True).filter(pk__in=known).order_by("pk")
    return {row.pk: row for row in rows}
