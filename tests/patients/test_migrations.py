"""People who were registered before the keys that they are found by changed."""

import pytest
from django.core.management import call_command

from portal.patients.models import Patient, SearchKey
from portal.patients.search import keys_of, search
from tests import make, older


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_keys_of_people_from_before_are_worked_out_anew(monkeypatch):
    monkeypatch.setattr("portal.patients.migrations.0008_found_however_it_is_typed.AT_ONCE", 2)
    names = [("Liam", "O'Brien"), ("Gia", "De Luca"), ("Jörg", "Müller"), ("Jón", "Sigurðsson"), ("J.R.", "Hill")]
    people = [make.patient(legal_first_name=first, legal_last_name=last) for first, last in names]
    SearchKey.objects.all().delete()
    SearchKey.objects.bulk_create(
        SearchKey(patient=one, key=key) for one in people for key in ("what it was", "liam", "1990-04-23")
    )
    try:
        older.go_back("patients", "0007")
    finally:
        call_command("migrate", verbosity=0)
    for one in Patient.objects.all():
        assert set(one.search_keys.values_list("key", flat=True)) == keys_of(one)
    typed = ["O’Brien", "DeLuca", "Mueller", "sigurdsson", "JR hill"]
    assert [search(Patient.objects.all(), words) for words in typed] == [[one] for one in people]
