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
TODAY = date(2026, 11, 29)


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
        ("Mai Nguyen 23/4/90", said("Mai", "Nguyen", date_of_birth=BORN)),
        ("mai nguyen 23 April 90", said("Mai", "Nguyen", date_of_birth=BORN)),
        ("1.12.26", said(date_of_birth=date(1926, 12, 1))),
        ("31/2/1990", said()),
        ("1990", said()),
        ("%%% <<>>", said()),
    ],
)
def test_recognised(typed, found):
    assert recognised(typed, today=TODAY) == found


# Typed so, so it is written.
WRITTEN = """
    Zebulon / van der Berg | Iain / McDonald | Iain / MacDonald | Sinéad / O’Brien | Gia / de Luca
    Gia / De Luca | Ana / dos Santos | Joan / d'Arcy | Ngũgĩ wa / Thiong'o | LaToya / DeShawn | Jean-Luc / Le Fèvre
    Ludwig / von Quark | J.R. / Smith | TJ / O'Neill | Þóra / Ðorn | Hung Van / Nguyen | Mary-Ann / St. Clair
""".replace("\n", "|").split("|")


@pytest.mark.parametrize("name", [name.strip() for name in WRITTEN if name.strip()])
def test_capitals_stay_as_they_were_typed(name):
    first, last = name.split(" / ")
    assert recognised(f"{first} {last}", today=TODAY) == said(first, last)
    assert recognised(f"{last}, {first}", today=TODAY) == said(first, last)


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("zebulon van der berg", "Zebulon", "van der Berg"),
        ("ZEBULON VAN DER BERG", "Zebulon", "van der Berg"),
        ("BERG, ZEBULON VAN DER", "Zebulon", "van der Berg"),
        ("anneke van de velde", "Anneke", "van de Velde"),
        ("QUARK, ludwig von", "Ludwig", "von Quark"),
        ("quark, ludwig von", "Ludwig", "von Quark"),
        ("iain mcdonald", "Iain", "McDonald"),
        ("IAIN MCDONALD", "Iain", "McDonald"),
        ("iain macdonald", "Iain", "Macdonald"),
        ("sinead o'brien", "Sinead", "O'Brien"),
        ("SINEAD O’BRIEN-LEE", "Sinead", "O’Brien-Lee"),
        ("ka'iulani smith", "Ka'iulani", "Smith"),
        ("ngugi thiong'o", "Ngugi", "Thiong'o"),
        ("carla dell'acqua", "Carla", "Dell'Acqua"),
        ("GIA DE LUCA", "Gia", "De Luca"),
        ("maria dos santos", "Maria", "dos Santos"),
        ("juan de la cruz", "Juan", "de la Cruz"),
        ("aishah binti rahman", "Aishah", "binti Rahman"),
        ("hung van nguyen", "Hung Van", "Nguyen"),
        ("nguyen, hong van", "Hong Van", "Nguyen"),
        ("NGUYEN, Hong Van", "Hong Van", "Nguyen"),
        ("TJ SMITH", "TJ", "Smith"),
        ("JO NG", "Jo", "Ng"),
        ("LE, MAI", "Mai", "Le"),
        ("mai Nguyen", "Mai", "Nguyen"),
        ("JOHN SMITH, III", "III", "John Smith"),
        ("ΣΩΚΡΆΤΗΣ ΠΑΠΑΔΌΠΟΥΛΟΣ", "Σωκράτης", "Παπαδόπουλος"),
        ("ольга иванова-кузнецова", "Ольга", "Иванова-Кузнецова"),
        ("nguyễn thị ánh", "Nguyễn Thị", "Ánh"),
    ],
)
def test_names_without_capitals_or_of_nothing_else_get_theirs(typed, first, last):
    assert recognised(typed, today=TODAY) == said(first, last)


@given(st.text(max_size=250))
def test_whatever_is_typed_can_stand_in_the_form(text):
    form = PatientForm(initial=dict(recognised(text, today=TODAY)), today=TODAY)
    assert recognised(text, today=TODAY).keys() <= form.fields.keys()
    assert all(form[name].value() for name in recognised(text, today=TODAY))
