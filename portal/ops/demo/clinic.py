"""The invented clinic itself: two addresses, four psychologists, their services and hours."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from portal.appointments.actions import Shift, set_weekly_hours
from portal.appointments.models import Weekday
from portal.clinic import actions
from portal.clinic.models import HowBooked, Language, Mode, Registration, RoomNeed, Specialisation, TaxCode, WhoBooks
from portal.ops.demo import notices, portraits, sign_ins, website_texts
from portal.ops.demo.sign_ins import BY

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
        # So long a time is hard to fill again.
        "notice_hours": 48,
        "cancel_hours": 72,
        "who_books": WhoBooks.KNOWN,
        "how_booked": HowBooked.ON_REQUEST,
    },
    {
        "name": "Letter or report",
        "slug": "letter-or-report",
        "description": "A written report for an employer, an insurer or a court. Arranged with your psychologist.",
        "minutes": 60,
        "fee": Decimal("300.00"),
        "tax_code": TaxCode.TAXABLE,
        "in_person": False,
        # It is written at home.
        "room_need": RoomNeed.NEVER,
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
    "invoice_footer": "Thank you.",
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
    "position": 0,
}

FOOTSCRAY = {
    "name": "Footscray",
    "slug": "footscray",
    "street": "Level 1, 40 Leeds Street",
    "suburb": "Footscray",
    "state": "VIC",
    "postcode": "3011",
    "phone": PHONE,
    "directions": "Near Footscray station, above the pharmacy. The lift is on the left of the entrance.",
    "position": 1,
}

MAI = {
    "slug": "mai-nguyen",
    "headline": "Anxiety, low mood, and the year after a baby",
    "bio": "I have worked with adults and new parents for fourteen years, in hospitals and in private practice. My "
    "sessions are calm and practical: we decide together what to try, and look honestly at what helped."
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
    # A whiteboard needs a room.
    "video": False,
    "phone": False,
    "position": 1,
}

LEILA = {
    "slug": "leila-haddad",
    "headline": "Grief, trauma, and making a life in a new country",
    "bio": "I came to Melbourne from Beirut when I was twelve, and I work in Arabic and in English, often in both "
    "within one hour. Before Banksia Lane I spent nine years with a service for people who had to leave their country."
    "\n\nI work slowly with what is heavy. We begin with what makes the days bearable: sleep, safety, one person to "
    "call.",
    "qualifications": "MPsych (Clinical), Victoria University\nBA (Psych) Hons, The University of Melbourne",
    "registration": Registration.CLINICAL,
    "ahpra_number": "PSY0009150433",
    "position": 2,
}

WEI = {
    "slug": "wei-chen",
    "headline": "Worry, work that never ends, and the family between two languages",
    "bio": "Many people I see are doing well on paper and badly at night. We look at what keeps the worry going, and "
    "change it one habit at a time.\n\nI hold sessions in English, Mandarin and Cantonese, after work and on Saturday "
    "mornings, in Footscray or by video.",
    "qualifications": "MPsych (Counselling), Monash University\nBSc (Psychology), The University of Hong Kong",
    "registration": Registration.GENERAL,
    "ahpra_number": "PSY0009150441",
    "position": 3,
}

DAY, EARLY, LATE = (time(9), time(17)), (time(8), time(13)), (time(12), time(19))
MAIS_WEEK = {Weekday.MONDAY: DAY, Weekday.TUESDAY: DAY, Weekday.WEDNESDAY: LATE, Weekday.THURSDAY: DAY}
TOMS_WEEK = {Weekday.TUESDAY: LATE, Weekday.WEDNESDAY: DAY, Weekday.THURSDAY: LATE, Weekday.FRIDAY: EARLY}
LEILAS_WEEK = {Weekday.MONDAY: DAY, Weekday.WEDNESDAY: DAY}
LEILAS_FRIDAYS = {Weekday.FRIDAY: EARLY}
EVENING, MORNING = (time(15), time(20)), (time(9), time(13))
WEIS_WEEK = {Weekday.TUESDAY: EVENING, Weekday.THURSDAY: EVENING, Weekday.SATURDAY: MORNING}


@transaction.atomic
def found(*, is_demo: bool) -> None:
    """Opens the clinic with its staff and their hours, and with no patient and no appointment yet."""
    now = timezone.now()
    actions.update_settings(values={**SETTINGS, "is_demo": is_demo}, by=BY, now=now)
    brunswick = actions.add_location(values=BRUNSWICK, by=BY, now=now)
    footscray = actions.add_location(values=FOOTSCRAY, by=BY, now=now)
    for place, names in (
        (brunswick, ("Wattle room", "Fern room", "River room")),
        (footscray, ("Quay room", "Tram room")),
    ):
        for name in names:
            actions.add_room(values={"location": place, "name": name}, by=BY, now=now)
    services = {
        service["slug"]: actions.add_service(
            values={**service, "position": position, "is_active": True}, by=BY, now=now
        )
        for position, service in enumerate(SERVICES)
    }
    accounts = {person: sign_ins.open_account(person) for person in sign_ins.STAFF}
    mai = {
        **MAI,
        "photo": portraits.draw(portraits.MAI),
        "languages": _languages(en="English", vi="Tiếng Việt"),
        "specialisations": _topics("Anxiety", "Depression", "Perinatal", "Trauma"),
    }
    tom = {
        **TOM,
        "languages": _languages(en="English"),
        "specialisations": _topics("Young people", "ADHD", "Anxiety", "School refusal"),
        "services": [services["first-visit"], services["session"]],
    }
    leila = {
        **LEILA,
        "photo": portraits.draw(portraits.LEILA),
        "languages": _languages(en="English", ar="العربية"),
        "specialisations": _topics("Grief", "Trauma", "Migration", "Depression"),
    }
    wei = {
        **WEI,
        "photo": portraits.draw(portraits.WEI),
        "languages": _languages(en="English", zh="普通话", yue="廣東話"),
        "specialisations": _topics("Anxiety", "Work stress", "Relationships", "Migration"),
        "services": [services["first-visit"], services["session"]],
    }
    usual_length = (services["first-visit"].pk, services["session"].pk)
    for person, values, own_fee, where in (
        (sign_ins.MAI, mai, None, ((brunswick, "551730AA", MAIS_WEEK),)),
        (sign_ins.TOM, tom, "195.00", ((brunswick, "552048AY", TOMS_WEEK),)),
        (sign_ins.LEILA, leila, None, ((footscray, "553112AY", LEILAS_WEEK), (brunswick, "553112BJ", LEILAS_FRIDAYS))),
        (sign_ins.WEI, wei, "205.00", ((footscray, "554270AY", WEIS_WEEK),)),
    ):
        fees = dict.fromkeys(usual_length, Decimal(own_fee)) if own_fee else {}
        psychologist = actions.add_psychologist(user=accounts[person], values=values, fees=fees, by=BY, now=now)
        shifts: list[Shift] = []
        for place, number, week in where:
            actions.set_provider_number(psychologist=psychologist, location=place, number=number, by=BY, now=now)
            # Who works in two places meets people in the second by video alone: they work from home that day.
            ways = frozenset({Mode.VIDEO} if shifts else [])
            shifts += [Shift(weekday, starts, ends, place, ways) for weekday, (starts, ends) in week.items()]
        set_weekly_hours(psychologist=psychologist, hours=shifts, by=BY, now=now)
    website_texts.say()
    notices.say(accounts[sign_ins.HELEN], now=now)


def _languages(**names: str) -> list[Language]:
    return [Language.objects.get_or_create(code=code, defaults={"name": name})[0] for code, name in names.items()]


def _topics(*names: str) -> list[Specialisation]:
    return [
        Specialisation.objects.get_or_create(slug=name.lower().replace(" ", "-"), defaults={"name": name})[0]
        for name in names
    ]
