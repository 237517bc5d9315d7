"""A row is written unless there is one like it, and says which of the two it was."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.clinic.models import Specialisation
from portal.common.database.inserting import insert_or_ignore

pytestmark = pytest.mark.django_db


def test_first_is_written_with_its_key_in_one_statement():
    row = Specialisation(name="Grief", slug="grief")
    with CaptureQueriesContext(connection) as queries:
        assert insert_or_ignore(row)
    assert [query["sql"].split()[0] for query in queries] == ["INSERT"]
    assert Specialisation.objects.get(slug="grief") == row
    row.name = "Loss"
    row.save()
    assert Specialisation.objects.get().name == "Loss"


def test_second_of_its_kind_changes_nothing():
    insert_or_ignore(Specialisation(name="Grief", slug="grief"))
    assert not insert_or_ignore(Specialisation(name="Grief", slug="other"))
    # The transaction goes on.
    assert list(Specialisation.objects.values_list("slug", flat=True)) == ["grief"]
