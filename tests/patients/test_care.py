"""Whose record somebody may open: their own, and those of people in their care now."""

import pytest
from django.utils import timezone

from portal.patients.models import Patient
from tests import make

pytestmark = pytest.mark.django_db


def test_somebody_manages_themself_and_those_in_their_care_now():
    mai = make.user()
    own, child, grown_up = make.patient(user=mai), make.patient(), make.patient()
    make.patient(user=make.user())
    for patient in (own, child):
        make.carer(patient=patient, user=mai)
    make.carer(patient=grown_up, user=mai, ended_at=timezone.now())
    make.carer(patient=make.patient())
    assert sorted(Patient.objects.managed_by(mai).values_list("pk", flat=True)) == sorted([own.pk, child.pk])


def test_each_way_is_a_look_up_of_its_own():
    """An OR of them made PostgreSQL read every patient, and every session and invoice behind them."""
    asked = str(Patient.objects.managed_by(make.user()).query)
    assert (" UNION " in asked, " OR " in asked) == (True, False)
