"""The invented clinic itself: one address in Brunswick, two psychologists, their services and hours."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from portal.appointments.actions import Shift, set_weekly_hours
from portal.appointments.models import Weekday
from portal.clinic import actions
from portal.clinic.models import Language, Registration, Specialisation, TaxCode
from portal.ops.demo import people
from portal.ops.demo.people import BY

# Numbers that pass their check digits and belong to nobody; telephone numbers are of the range kept for fiction.
ABN = "45617204583"
PHONE = "+61370105500"

SERVICES = (
    {
        "name": "First visit",
        "slug": "first-visit",
        "description": "An unhurried first meeting: what brings you, what you would like to be different, and a plan "
        "that we make together. Bring your referral if you have one; you don't need one to come.",
        "minutes": 50,
        "buffer_after": 10,
        "fee": Decimal("220.00"),
        "first_visit_only": True,
    },
    {
        "name": "Session",
        "slug": "session",
        "description": "A 50 minute session with your psychologist, here or by video.",
        "minutes": 50,
        "buffer_after": 10,
        "fee": Decimal("220.00"),
    },
    {
        "name": "Long session",
        "slug": "long-session",
        "description": "80 minutes, for work that needs more room, such as exposure or trauma-focused therapy.",
        "minutes": 80,
        "buffer_after": 10,
        "fee": Decimal("330.00"),
        "phone": False,
    },
    {
        "name": "Letter or report",
        "slug": "letter-or-report",
        "description": "A written report for an employer, an insurer or a court. Arranged with your psychologist.",
        "minutes": 60,
        "fee": Decimal("300.00"),
        "tax_code": TaxCode.TAXABLE,
        "in_person": False,
        "online": False,
        "medicare": False,
    },
)


SETTINGS = {
    "name": "Banksia Lane Psychology",
    "legal_name": "Banksia Lane Psychology Pty Ltd",
    "abn": ABN,
    "gst_registered": True,
    "street": "12 Banksia Lane",
    "suburb": "Brunswick",
    "state": "VIC",
    "postcode": "3056",
    "phone": PHONE,
    "email": "desk@demo.example",
    "time_zone": "Australia/Melbourne",
    "bank_name": "Banksia Lane Psychology",
    "bank_bsb": "000-000",
    "bank_account": "12345678",
    "invoice_footer": "Thank you. Medicare pays rebates to the account you gave them, usually by the next day.",
}

BRUNSWICK = {
    "name": "Brunswick",
    "slug": "brunswick",
    "street": "12 Banksia Lane",
    "suburb": "Brunswick",
    "state": "VIC",
    "postcode": "3056",
    "phone": PHONE,
    "directions": "Two minutes' walk from Jewell station. The door is green; there are no stairs.",
}

MAI = {
    "slug": "mai-nguyen",
    "headline": "Anxiety, low mood, and the year after a baby",
    "bio": "I have worked with adults and new parents for fourteen years, in hospitals and in private practice. People "
    "tell me that sessions feel calm and practical: we decide together what to try, and look honestly at what helped."
    "\n\nI use cognitive behaviour therapy, acceptance and commitment therapy and EMDR.",
    "qualifications": "DPsych (Clinical), The University of Melbourne\nBA (Hons), La Trobe University",
    "registration": Registration.CLINICAL,
    "ahpra_number": "PSY0009150417",
    "position": 0,
}

TOM = {
    "slug": "tom-ashby",
    "headline": "Young people, ADHD, and school that has become too much",
    "bio": "I see young people from twelve and the adults they become. I like plain words, whiteboards and small "
    "experiments between sessions.\n\nParents are welcome for part of the first visit.",
    "qualifications": "MPsych (Educational and Developmental), Monash University\nBPsych (Hons), Deakin University",
    "registration": Registration.GENERAL,
    "ahpra_number": "PSY0009150425",
    "fee": Decimal("195.00"),
    "position": 1,
}

DAY, EARLY, LATE = (time(9), time(17)), (time(8), time(13)), (time(12), time(19))
MAIS_WEEK = {Weekday.MONDAY: DAY, Weekday.TUESDAY: DAY, Weekday.WEDNESDAY: LATE, Weekday.THURSDAY: DAY}
TOMS_WEEK = {Weekday.TUESDAY: LATE, Weekday.WEDNESDAY: DAY, Weekday.THURSDAY: LATE, Weekday.FRIDAY: EARLY}


@transaction.atomic
def found(*, is_demo: bool) -> None:
    """Opens the clinic with its staff and their hours, and with no patient and no appointment yet."""
    now = timezone.now()
    actions.update_settings(values={**SETTINGS, "is_demo": is_demo}, by=BY, now=now)
    brunswick = actions.add_location(values=BRUNSWICK, by=BY, now=now)
    for name in ("Wattle room", "Fern room", "River room"):
        actions.add_room(values={"location": brunswick, "name": name}, by=BY, now=now)
    services = {
        service["slug"]: actions.add_service(values={**service, "position": position}, by=BY, now=now)
        for position, service in enumerate(SERVICES)
    }
    accounts = {person: people.open_account(person) for person in people.STAFF}
    mai = {
        **MAI,
        "languages": _languages(en="English", vi="Tiếng Việt"),
        "specialisations": _topics("Anxiety", "Depression", "Perinatal", "Trauma"),
    }
    tom = {
        **TOM,
        "languages": _languages(en="English"),
        "specialisations": _topics("Young people", "ADHD", "Anxiety", "School refusal"),
        # Tom's own fee is for sessions of the usual length.
        "services": [services["first-visit"], services["session"]],
    }
    for person, values, number, week in (
        (people.MAI, mai, "551730AA", MAIS_WEEK),
        (people.TOM, tom, "552048AY", TOMS_WEEK),
    ):
        psychologist = actions.add_psychologist(user=accounts[person], values=values, by=BY, now=now)
        actions.set_provider_number(psychologist=psychologist, location=brunswick, number=number, by=BY, now=now)
        shifts = [Shift(weekday, starts, ends, brunswick) for weekday, (starts, ends) in week.items()]
        set_weekly_hours(psychologist=psychologist, hours=shifts, by=BY, now=now)


def _languages(**names: str) -> list[Language]:
    return [Language.objects.get_or_create(code=code, defaults={"name": name})[0] for code, name in names.items()]


def _topics(*names: str) -> list[Specialisation]:
    return [
        Specialisation.objects.get_or_create(slug=name.lower().replace(" ", "-"), defaults={"name": name})[0]
        for name in names
    ]
