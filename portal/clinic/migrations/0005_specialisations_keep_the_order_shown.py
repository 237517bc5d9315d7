from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db import migrations


def number(apps: Any, schema_editor: Any) -> None:
    """Puts them where readers saw them until now: by the list's order, then by name."""
    rows = apps.get_model("clinic", "PsychologistSpecialisation").objects.order_by(
        "psychologist", "specialisation__position", "specialisation__name"
    )
    for _psychologist, focuses in groupby(rows, key=lambda focus: focus.psychologist_id):
        for position, focus in enumerate(focuses):
            focus.position = position
            focus.save(update_fields=["position"])


class Migration(migrations.Migration):
    dependencies = [("clinic", "0004_portraits_and_ordered_specialisations")]

    operations = [migrations.RunPython(number, migrations.RunPython.noop)]
