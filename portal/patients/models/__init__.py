from portal.patients.models.consents import Consent
from portal.patients.models.contact import ChannelConsent, ContactWays
from portal.patients.models.mailed_links import MailedLink, WrongBirthDate
from portal.patients.models.people import Carer, Patient, PatientQuerySet, PatientRow
from portal.patients.models.readings import Reading
from portal.patients.models.search_keys import SearchKey

__all__ = [
    "Carer",
    "ChannelConsent",
    "Consent",
    "ContactWays",
    "MailedLink",
    "Patient",
    "PatientQuerySet",
    "PatientRow",
    "Reading",
    "SearchKey",
    "WrongBirthDate",
]
