from portal.clinic.models.places import Location, Room
from portal.clinic.models.policies import PolicyKind, PolicySettings, PolicyVersion
from portal.clinic.models.psychologists import (
    Language,
    ProviderNumber,
    Psychologist,
    PsychologistSpecialisation,
    Registration,
    Specialisation,
)
from portal.clinic.models.services import Mode, Service, TaxCode
from portal.clinic.models.settings import ClinicSettings
from portal.clinic.models.texts import CrisisLine, SiteText

__all__ = [
    "ClinicSettings",
    "CrisisLine",
    "Language",
    "Location",
    "Mode",
    "PolicyKind",
    "PolicySettings",
    "PolicyVersion",
    "ProviderNumber",
    "Psychologist",
    "PsychologistSpecialisation",
    "Registration",
    "Room",
    "Service",
    "SiteText",
    "Specialisation",
    "TaxCode",
]
