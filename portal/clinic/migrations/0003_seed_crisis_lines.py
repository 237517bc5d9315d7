"""The numbers to begin with: those of docs/australia.md, each with the day on which its source was read."""

from datetime import date
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

LINES = (
    ("talk", "Lifeline", "call", "13 11 14", "Any hour, every day",
     "Anybody who needs somebody to talk to.", True, date(2026, 2, 17)),
    ("talk", "Lifeline", "text", "0477 13 11 14", "Any hour, every day",
     "When writing is easier or safer than speaking.", True, date(2026, 2, 17)),
    ("talk", "Suicide Call Back Service", "call", "1300 659 467", "Any hour, every day",
     "Thoughts of suicide, worry about somebody else, or the loss of somebody.", True, date(2023, 10, 1)),
    ("talk", "Beyond Blue", "call", "1300 22 4636", "Any hour, every day",
     "When you feel anxious or low.", False, date(2026, 2, 17)),
    ("first_nations", "13YARN", "call", "13 92 76", "Any hour, every day",
     "Aboriginal and Torres Strait Islander people answer.", True, date(2026, 2, 17)),
    ("violence", "1800RESPECT", "call", "1800 737 732", "Any hour, every day",
     "Violence at home or in the family, and sexual assault.", True, date(2026, 2, 17)),
    ("young", "Kids Helpline", "call", "1800 551 800", "Any hour, every day",
     "From 5 to 25 years, and those who care for them.", True, date(2026, 2, 17)),
    ("young", "headspace", "call", "1800 650 890", "",
     "From 12 to 25 years.", False, date(2023, 10, 1)),
    ("lgbtiq", "QLife", "call", "1800 184 527", "3 pm to midnight, every day",
     "LGBTIQ+ people answer.", False, date(2023, 10, 1)),
    ("men", "MensLine Australia", "call", "1300 789 978", "Any hour, every day",
     "Relationships, family, anger, work.", False, date(2023, 10, 1)),
    ("drugs", "National Alcohol and Other Drug Hotline", "call", "1800 250 015", "Any hour, every day",
     "Your own use, or that of somebody you love.", False, date(2023, 10, 1)),
    ("language", "TIS National", "call", "131 450", "Any hour, every day",
     "A free interpreter. Ask them to call one of these lines with you.", False, date(2023, 10, 1)),
)  # fmt: skip
NAMES = ("situation", "name", "kind", "number", "hours", "audience", "everywhere", "checked_on")


def seed(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    CrisisLine = apps.get_model("clinic", "CrisisLine")
    for position, line in enumerate(LINES):
        CrisisLine.objects.create(position=position, **dict(zip(NAMES, line, strict=True)))


class Migration(migrations.Migration):
    dependencies = [("clinic", "0002_site_texts_and_crisis_lines")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
