"""The invented clinic itself: one address in Brunswick, two psychologists, their services and hours."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from django.db import transaction

from portal.accounts.models import User
from portal.appointments.models import Weekday, WorkingHours
from portal.clinic.models import (
    ClinicSettings,
    Language,
    Location,
    ProviderNumber,
    Psychologist,
    Registration,
    Room,
    Service,
    Specialisation,
    TaxCode,
)
from portal.ops.demo import people

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


@transaction.atomic
def found(*, is_demo: bool) -> None:
    """Opens the clinic with its staff and their hours, and with no patient and no appointment yet."""
    ClinicSettings.objects.create(
        pk=1,
        name="Banksia Lane Psychology",
        legal_name="Banksia Lane Psychology Pty Ltd",
        abn=ABN,
        gst_registered=True,
        street="12 Banksia Lane",
        suburb="Brunswick",
        state="VIC",
        postcode="3056",
        phone=PHONE,
        email="desk@demo.example",
        time_zone="Australia/Melbourne",
        is_demo=is_demo,
        bank_name="Banksia Lane Psychology",
        bank_bsb="000-000",
        bank_account="12345678",
        invoice_footer="Thank you. Medicare pays rebates to the account you gave them, usually by the next day.",
    )
    brunswick = Location.objects.create(
        name="Brunswick",
        slug="brunswick",
        street="12 Banksia Lane",
        suburb="Brunswick",
        state="VIC",
        postcode="3056",
        phone=PHONE,
        directions="Two minutes' walk from Jewell station. The door is green; there are no stairs.",
    )
    for name in ("Wattle room", "Fern room", "River room"):
        Room.objects.create(location=brunswick, name=name)
    for position, service in enumerate(SERVICES):
        Service.objects.create(position=position, **service)
    accounts = {person: people.open_account(person) for person in people.STAFF}
    _psychologists(accounts, brunswick)


def _psychologists(accounts: dict[people.Person, User], brunswick: Location) -> None:
    english, vietnamese = (
        Language.objects.get_or_create(code=code, defaults={"name": name})[0]
        for code, name in (("en", "English"), ("vi", "Tiếng Việt"))
    )
    mai = Psychologist.objects.create(
        user=accounts[people.MAI],
        slug="mai-nguyen",
        headline="Anxiety, low mood, and the year after a baby",
        bio="I have worked with adults and new parents for fourteen years, in hospitals and in private practice. "
        "People tell me that sessions feel calm and practical: we decide together what to try, and look honestly at "
        "what helped.\n\nI use cognitive behaviour therapy, acceptance and commitment therapy and EMDR.",
        qualifications="DPsych (Clinical), The University of Melbourne\nBA (Hons), La Trobe University",
        registration=Registration.CLINICAL,
        ahpra_number="PSY0009150417",
        position=0,
    )
    tom = Psychologist.objects.create(
        user=accounts[people.TOM],
        slug="tom-ashby",
        headline="Young people, ADHD, and school that has become too much",
        bio="I see young people from twelve and the adults they become. I like plain words, whiteboards and small "
        "experiments between sessions.\n\nParents are welcome for part of the first visit.",
        qualifications="MPsych (Educational and Developmental), Monash University\nBPsych (Hons), Deakin University",
        registration=Registration.GENERAL,
        ahpra_number="PSY0009150425",
        fee=Decimal("195.00"),
        position=1,
    )
    ProviderNumber.objects.create(psychologist=mai, location=brunswick, number="551730AA")
    ProviderNumber.objects.create(psychologist=tom, location=brunswick, number="552048AY")
    # Their own fee is for sessions of the usual length.
    tom.services.set(Service.objects.filter(slug__in=["first-visit", "session"]))
    mai.languages.set([english, vietnamese])
    tom.languages.set([english])
    for psychologist, names in (
        (mai, ("Anxiety", "Depression", "Perinatal", "Trauma")),
        (tom, ("Young people", "ADHD", "Anxiety", "School refusal")),
    ):
        for name in names:
            topic, _ = Specialisation.objects.get_or_create(
                slug=name.lower().replace(" ", "-"), defaults={"name": name, "position": 0}
            )
            psychologist.specialisations.add(topic)

    day, early, late = (time(9), time(17)), (time(8), time(13)), (time(12), time(19))
    weeks = {
        mai: {Weekday.MONDAY: day, Weekday.TUESDAY: day, Weekday.WEDNESDAY: late, Weekday.THURSDAY: day},
        tom: {Weekday.TUESDAY: late, Weekday.WEDNESDAY: day, Weekday.THURSDAY: late, Weekday.FRIDAY: early},
    }
    for psychologist, week in weeks.items():
        for weekday, (starts, ends) in week.items():
            WorkingHours.objects.create(
                psychologist=psychologist, location=brunswick, weekday=weekday, starts=starts, ends=ends
            )
