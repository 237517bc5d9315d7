"""What the database itself refuses: changes of a consent. It goes when the record of its patient is erased."""

from __future__ import annotations

from portal.common.guards import frozen

CONSENTS = frozen(
    "the consents",
    prefix="consent",
    table="patients_consent",
    words="A consent never changes.",
    keys=(("code",), ("patient_id", "version_id")),
    may_go=True,
)
