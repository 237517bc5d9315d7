from portal.clinic.models.places import Location, Room
from portal.clinic.models.psychologists import (
    Language,
    OwnFee,
    ProviderNumber,
    Psychologist,
    PsychologistSpecialisation,
    Registration,
    Specialisation,
)
from portal.clinic.models.services import Ahead, HowBooked, Mode, RoomNeed, Service, TaxCode, WhoBooks
from portal.clinic.models.settings import ClinicSettings, FreedTimes

__all__ = [
    "Ahead",
    "ClinicSettings",
    "FreedTimes",
    "HowBooked",
    "Language",
    "Location",
    "Mode",
    "OwnFee",
    "ProviderNumber",
    "Psychologist",
    "PsychologistSpecialisation",
    "Registration",
    "Room",
    "RoomNeed",
    "Service",
    "Specialisation",
    "TaxCode",
    "WhoBooks",
]
