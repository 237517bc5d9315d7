"""What stood there before a migration stands there after it."""

import pytest
from django.core.management import call_command
from django.db import connection

from portal.common import guards
from tests import older


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_specialisations_keep_their_rows_and_the_order_they_were_shown_in():
    before = [("clinic", "0003_seed_crisis_lines")]
    after = [("clinic", "0005_specialisations_keep_the_order_shown")]
    try:
        older.go_back(*before[0])  # which lifts the guards before it rebuilds a table
        apps = older.models_of(*before)
        user = apps.get_model("accounts", "User").objects.create(email="mai@example.com")
        mai = apps.get_model("clinic", "Psychologist").objects.create(user_id=user.pk, slug="mai")
        topics = apps.get_model("clinic", "Specialisation").objects
        for name, position in (("Trauma", 0), ("Anxiety", 0), ("Last", 9)):
            mai.specialisations.add(topics.create(name=name, slug=name.lower(), position=position))
        call_command("migrate", *after[0], verbosity=0)
        apps = older.models_of(*after)
        focuses = apps.get_model("clinic", "PsychologistSpecialisation").objects.order_by("position")
        assert [(f.specialisation.name, f.position) for f in focuses] == [("Anxiety", 0), ("Trauma", 1), ("Last", 2)]
    finally:
        call_command("migrate", verbosity=0)
        guards.restore(connection)
