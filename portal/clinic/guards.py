"""What the database does of itself: it says when what processes keep of the clinic no longer stands."""

from __future__ import annotations

from portal.common.kept import Changes, watched

KEPT = watched(
    "what is kept of the clinic",
    "clinic_clinicsettings",
    "clinic_location",
    "clinic_room",
    "clinic_service",
    "clinic_psychologist",
    "clinic_ownfee",
    "clinic_providernumber",
    "clinic_psychologist_services",
    "clinic_psychologist_specialisations",
    "clinic_specialisation",
    "clinic_psychologist_languages",
    "clinic_language",
    # A psychologist's name is their account's, and so is whether they have left. Accounts are written to at every
    # sign-in, and made all day.
    Changes("accounts_user", "first_name, last_name, is_active"),
)
