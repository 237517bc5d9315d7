"""The factories themselves: every state they offer is one that the database takes."""

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.patients.models import Patient
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", Status)
def test_appointment_in_each_state(status):
    made = make.appointment(status=status)
    made.full_clean()
    assert Appointment.objects.get().status == status


@pytest.mark.parametrize("role", Role)
def test_signed_in_client_holds_its_role(role):
    client = make.signed_in_client(role=role)
    assert client.user.roles == {role, Role.PATIENT}
    assert client.session["_auth_user_id"] == str(client.user.pk)
    assert Patient.objects.filter(user=client.user).exists() is (role == Role.PATIENT)
