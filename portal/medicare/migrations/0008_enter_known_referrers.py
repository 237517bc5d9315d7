from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from portal.common import guards

WRITES = {"gp_plan": "gp", "psychiatrist_plan": "psychiatrist", "psychiatrist": "psychiatrist"}
WRITES |= {"paediatrician": "paediatrician", "other": "other"}


def _words(*said: str) -> str:
    folded = unicodedata.normalize("NFKD", " ".join(said).casefold())
    folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", folded))[:700]


def enter(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Who wrote the letters on file comes into the register, each once."""
    referrals, referrers, history = (
        apps.get_model("medicare", name).objects for name in ("Referral", "Referrer", "ReferrerHistory")
    )
    entries: dict[tuple[str, str], Any] = {}
    with guards.lifted(schema_editor.connection, "medicare_referral"):
        for referral in referrals.order_by("created_at", "pk"):
            name, number, practice = (
                referral.referrer_name, referral.referrer_provider_number, referral.referrer_practice
            )  # fmt: skip
            key = (_words(name), number or _words(practice))
            if key not in entries:
                facts = {
                    "name": name,
                    "kind": WRITES[referral.kind],
                    "provider_number": number,
                    "practice": practice[:200],
                }
                entries[key] = referrers.create(
                    **facts,
                    found_by=_words(name, number, practice),
                    created_at=referral.created_at,
                    created_by=referral.created_by,
                    changed_at=referral.created_at,
                )
                history.create(referrer=entries[key], since=referral.created_at, said_by=referral.created_by, **facts)
            referrals.filter(pk=referral.pk).update(referrer=entries[key])


class Migration(migrations.Migration):
    dependencies = [("medicare", "0007_register_of_referrers")]

    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
