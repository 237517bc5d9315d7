from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.patients.forms import PatientForm
from portal.patients.recognising import recognised


def said(first="", last="", **others):
    names = {"legal_first_name": first, "legal_last_name": last}
    return {name: words for name, words in names.items() if words} | others


BORN = date(1990, 4, 23)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", said()),
        ("Nguyen", said(last="Nguyen")),
        ("mai nguyen", said("Mai", "Nguyen")),
        ("Mai Anh Nguyễn", said("Mai Anh", "Nguyễn")),
        ("NGUYEN,Mai", said("Mai", "Nguyen")),
        ("NGUYEN Mai", said("Mai", "Nguyen")),
        ("Ms Mai O’Brien", said("Mai", "O’Brien")),
        ("gia de luca", said("Gia", "De Luca")),
        ("Iain MacDonald", said("Iain", "MacDonald")),
        ("van nguyen", said("Van", "Nguyen")),
        ("王小明", said("小明", "王")),
        ("عمر حداد", said("عمر", "حداد")),
        ("mai@example.com", said(email="mai@example.com")),
        ("Mai Nguyen <mai@example.com>", said("Mai", "Nguyen", email="mai@example.com")),
        ("tel: +61 491 570 006", said(phone="+61 491 570 006")),
        ("٠٤٩١٥٧٠٠٠٦", said(phone="0491570006")),
        ("23/4/1990", said(date_of_birth=BORN)),
        ("Mai Nguyen 23 April 1990", said("Mai", "Nguyen", date_of_birth=BORN)),
        (
            "Dr. Mai NGUYEN, mai@example.com; 0491 570 006; 23–4–1990",
            said("Mai", "Nguyen", email="mai@example.com", phone="0491 570 006", date_of_birth=BORN),
        ),
        ("31/2/1990", said()),
        ("1990", said()),
        ("%%% <<>>", said()),
    ],
)
def test_recognised(typed, found):
    assert recognised(typed) == found


@given(st.text(max_size=250))
def test_whatever_is_typed_can_stand_in_the_form(text):
    form = PatientForm(initial=dict(recognised(text)), today=date(2026, 11, 29))
    assert recognised(text).keys() <= form.fields.keys()
    assert all(form[name].value() for name in recognised(text))
