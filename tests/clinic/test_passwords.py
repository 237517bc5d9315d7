"""What stands on the clinic's website, or in one's own address, is no password."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clinic():
    make.clinic(name="Banksia Lane Psychology", suburb="Brunswick East", email="desk@banksialane.example")


@pytest.mark.parametrize(
    "password",
    [
        *("BanksiaLane2026", "banksia-lane-2026!", "Brunswick2026!!", "psychology12345"),
        *("Bánksia.Lane.3056", "mai.nguyen1990", "MaiNguyen-2026", "LaneBanksiaMai99"),
    ],
)  # fmt: skip
def test_known_words_are_refused(password):
    user = make.user(first_name="Mai", last_name="Nguyễn", email="mai.nguyen@example.com")
    with pytest.raises(ValidationError):
        validate_password(password, user)


@pytest.mark.parametrize("password", ["nine-patient-wombats", "banksia grows by the gate", "王小明的长长的密码一二"])
def test_words_of_ones_own_are_taken(password):
    validate_password(password, make.user(first_name="Mai", last_name="Nguyễn"))


def test_whoever_signs_up_is_told(client):
    form = {"first_name": "Mai", "email": "mai@example.com", "password1": "BanksiaLane2026"}
    page = client.post("/accounts/signup/", form).content.decode()
    assert "can&#x27;t be made of the clinic&#x27;s name" in page
