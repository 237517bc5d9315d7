"""What stands on the clinic's website, or in one's own address, is no password."""

from time import process_time

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


@pytest.mark.parametrize(
    ("password", "why"),
    [
        *(("aaaaaaaaaaaa", "repeats"), ("abcabcabcabc", "repeats"), ("1111111111a", "repeats")),
        *(("wombatwombat", "repeats"), ("wombatwombat1", "repeats"), ("hahahahahahaha", "repeats")),
        *(("abcdefghijkl", "follows"), ("aabbccddeeff", "follows"), ("0987654321ab", "follows")),
        *(("qwertyuiopas", "follows"), ("asdfghjkl;zx", "follows"), ("абвгдежзийкл", "follows")),
        *(("mypassword12", "tried_first"), ("TheClinic-2026", "tried_first"), ("Brunswick2026!!", "of_the_clinic")),
        *(("short", "password_too_short"), ("Xk9!", "password_too_short"), ("abcabc", "password_too_short")),
    ],
)  # fmt: skip
def test_only_the_true_reason_is_given(password, why):
    with pytest.raises(ValidationError) as refused:
        validate_password(password, make.user(first_name="Mai", last_name="Nguyễn"))
    assert {error.code for error in refused.value.error_list} - {"password_too_common"} == {why}


@pytest.mark.parametrize(
    "password", ["Xk9!2mQ7#4", "bookkeepers", "banana-split-4", "tear-it-up-99", "mississippi-mud"]
)
def test_what_only_looks_like_a_pattern_is_taken(password):
    validate_password(password, make.user(first_name="Mai", last_name="Nguyễn"))


def test_a_long_password_is_judged_at_once():
    """Of processor time, so that a busy machine does not count: what grows with the square would take minutes."""
    start = process_time()
    validate_password("a quiet hour on tuesdays " * 4_000)
    assert process_time() - start < 10


def test_whoever_signs_up_is_told(client):
    form = {"first_name": "Mai", "email": "mai@example.com", "password1": "BanksiaLane2026"}
    page = client.post("/accounts/signup/", form).content.decode()
    assert "can&#x27;t be made of the clinic&#x27;s name" in page
