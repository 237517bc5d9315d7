from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.patients.models import Patient, SearchKey
from portal.patients.search import Token, keys_of, possible_duplicates, reindex, search, tokens_of
from tests import make


def patient(first="Mai", last="Nguyễn", **fields):
    made = make.patient(legal_first_name=first, legal_last_name=last, **fields)
    made = Patient.objects.get(pk=made.pk)
    reindex(made)
    return made


def found(text, **how):
    return search(Patient.objects.all(), text, **how)


MAI = {
    "first": "Mai-Anh",
    "last": "Nguyễn O’Brien",
    "preferred_name": "Em",
    "date_of_birth": date(1990, 4, 3),
    "phone": "+61491570006",
    "email": "Mai.Anh+desk@Example.com",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "nguyen",
        "Nguyễn",
        "NGUY",
        "ng",
        "mai",
        "anh",
        "mai-anh",
        "maianh",
        "em",
        "obrien",
        "o'brien",
        "O’Brien",
        "brien",
        "mai ngu",
        "ngu ma",
        "nguyen, mai",
        "em nguyen 1990",
        "0491 570 006",
        "0491570006",
        "04 9157 0006",
        "(0491) 570 006",
        "0491-570",
        "04",
        "491570006",
        "+61 491 570 006",
        "+61 (0)491 570 006",
        "+61491",
        "61491570006",
        "570 006",
        "mai 0491",
        "mai.anh+desk@example.com",
        "MAI.ANH+desk@ex",
        "3/4/1990",
        "03/04/1990",
        "3/4",
        "3.4.1990",
        "3-4-90",
        "3/4/90",
        "03041990",
        "3 4 1990",
        "3 April 1990",
        "3rd apr 1990",
        "3 April 90",
        "3-Apr-90",
        "1990-04-03",
        "1990-04",
        "1990",
        "mai 3/4/1990",
        "ma\x00i",
        "mai%",
    ],
)
def test_found_by(typed):
    mai = patient(**MAI)
    patient(
        "Tom",
        "Ashby",
        date_of_birth=date(1971, 12, 31),
        phone="+61390101234",
        email="tom@clinic.example",
    )
    assert found(typed) == [mai]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "m",
        "-",
        "'",
        "\x00",
        "%",
        "_",
        "mai_",
        "guyen",
        "mai tom",
        "mai 4/3/1990",
        "4/3/1990",
        "31/2/1990",
        "0491 570 007",
        "+61 3",
        "example.com",
        "@",
        "mai" * 100,
        "\U0010ffff\U0010ffff",
    ],
)
def test_not_found_by(typed):
    patient(**MAI)
    assert found(typed) == []


NAMES = [
    # Written down so, and typed so.
    (("Liam", "O'Brien"), ["O’Brien", "OʼBrien", "O´Brien", "Oʻ Brien", "O`BRIEN", "obrien", "o brien", "brien"]),
    (("Liam", "OBrien"), ["O'Brien", "O’Brien", "o brien"]),
    (("Gia", "De Luca"), ["DeLuca", "deluca", "De Luca", "DE LUCA", "de-luca", "luca", "gia deluca", "deluca gia"]),
    (("Gia", "Deluca"), ["De Luca", "DeLuca", "de luca gia"]),
    (("Ana", "Delacruz"), ["De La Cruz", "de la cruz, ana", "dela cruz"]),
    (("Ana", "De La Cruz"), ["delacruz", "la cruz", "lacruz", "cruz"]),
    (("Iain", "Mac Donald"), ["MacDonald", "macdonald", "Mac Donald", "donald"]),
    (("Iain", "MacDonald"), ["Mac Donald", "macdonald", "donald", "mac don"]),
    (("J.R.", "Hill"), ["JR", "J R", "J.R.", "J. R. Hill", "jr hill", "hill j.r", "hill, jr"]),
    (("JR", "Hill"), ["J.R.", "J R Hill", "J. R."]),
    (("Jean-Luc", "Smith-Jones"), ["Jean Luc", "jeanluc", "Smith\u2011Jones", "smith – jones", "smithjones", "jones"]),
    (("Sam", "Smithjones"), ["Smith-Jones", "Smith Jones"]),
    (("Jón", "Sigurðsson"), ["Sigurdsson", "sigurđsson", "JON SIGUR"]),
    (("Þóra", "Þórsdóttir"), ["Thora", "thorsdottir", "pora", "Þora"]),
    (("Anh", "Đặng"), ["Dang", "Đang", "Ðang", "ĐẶNG"]),
    (("Łukasz", "Wałęsa"), ["lukasz walesa", "Łukasz"]),
    (("Søren", "Sørensen"), ["Soren", "Soerensen", "SØREN"]),
    (("Jörg", "Müller"), ["Mueller", "muller", "Müller", "MÜLLER", "jorg", "joerg mueller"]),
    (("Jorg", "Mueller"), ["Müller", "müller"]),
    (("Uwe", "Strauß"), ["Strauss", "STRAUSS", "strauß"]),
    (("Ægir", "Bjørn"), ["aegir", "bjorn"]),
    (("Işıl", "Yıldız"), ["isil yildiz", "ISIL", "YILDIZ"]),
    (("Mai", "Nguyễn"), ["NGUYEN,Mai", "NGUYEN, Mai", "nguyen;mai", "Ms Mai Nguyen", "Nguyen, Mai (Ms)", "Dr. Nguyen"]),
    (("Mai", "Nguyễn"), ["Mrs Nguyen", "prof nguyen", "A/Prof Mai Nguyen", "Ma\u200bi", "Ｍａｉ", "“Mai” Nguyen"]),
    (("أحمد", "فاطمة"), ["احمد", "فاطمه", "أحمـد"]),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "typed"), [(name, typed) for name, ways in NAMES for typed in ways])
def test_found_however_the_name_is_written_and_typed(name, typed):
    patient("Zoe", "Quill", phone="+61390101234", email="zoe@clinic.example")
    made = patient(*name, phone="+61491570006", email="somebody@example.com")
    assert found(typed) == [made]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "Mai <mai@example.com>",
        '"Nguyen, M. (home)" <MAI@example.com>',
        "Mum <mailto:mai@example.com>",
        "mailto:mai@example.com",
        "<mai@example.com>",
        "mai@exam\u200bple.com,",
        "Mai, mai@example.com",
        "tel:+61-491-570-006",
        "Tel. 0491 570 006",
        "ph: (0491) 570-006",
        "M 0491.570.006",
        "0491/570/006",
        "0491–570–006",
        "0491\u00a0570\u202f006",
        "٠٤٩١٥٧٠٠٠٦",
        "０４９１ ５７０ ００６",
        "\u202a+61 491 570 006\u202c",
        "+61 0491 570 006",
        "+61(0)491570006",
        "0061 491 570 006",
        "0011 61 491 570 006",
        "0491 570 006, Mai",
        "Mai; 0491570006",
        "0491 570 006 ext 5",
        "0491570006 x5",
        "٢٣/٤/١٩٩٠",
        "23–4–1990",
        "1990年4月23日",
        "Nguyen, Mai, 23/4/1990",
        "Mai, 23 April, 1990",
    ],
)
def test_found_by_what_is_pasted(typed):
    patient("Zoe", "Quill", phone="+61390101234", email="zoe@clinic.example")
    mai = patient("Mai", "Nguyễn", phone="+61491570006", email="mai@example.com", date_of_birth=date(1990, 4, 23))
    assert found(typed) == [mai]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        (("Liam", "O'Brien"), "O'Connor"),
        (("Gia", "De Luca"), "De Marco"),
        (("Mai", "Nguyễn"), "Dr Smith"),
        (("Jörg", "Müller"), "Maller"),
        (("Mai", "Nguyễn"), "Tom <tom@example.com>"),
    ],
)
def test_not_found_by_what_only_looks_near(name, typed):
    patient(*name, email="mai@example.com")
    assert found(typed) == []


WRITTEN = st.sampled_from(["Mai", "Jörg", "Łukasz", "Ana María", "Þóra", "J.R.", "Jean-Luc", "小明", "नेपाल", "Анна"])
FAMILY = st.sampled_from(
    ["O'Brien", "De Luca", "MacDonald", "Smith-Jones", "Nguyễn", "Müller", "Sørensen", "王", "عربي"]
)
APART = st.sampled_from(["'", "’", "ʼ", "´", "‘", "ʻ"])


@given(st.data(), WRITTEN, FAMILY)
def test_a_whole_name_typed_in_any_way_finds_its_person(data, first, last):
    keys = keys_of(Patient(legal_first_name=first, legal_last_name=last, date_of_birth=date(1990, 4, 23)))
    order = data.draw(st.sampled_from(["{0} {1}", "{1} {0}", "{1},{0}", "{1}, {0}", "Ms {0} {1}", "{1};{0}", "Dr {1}"]))
    case = data.draw(st.sampled_from([str.upper, str.lower, str, str.title]))
    typed = case(order.format(first, last)).replace("'", data.draw(APART))
    typed = typed.replace("-", data.draw(st.sampled_from(["-", "–", "\u2011", " "])))
    typed = typed.replace(" ", data.draw(st.sampled_from([" ", "\u00a0", "  ", " \u200b"])))
    tokens = tokens_of(typed)
    assert tokens
    assert all(any(key.startswith(token.prefixes) for key in keys) for token in tokens)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["王", "王小", "小明", "王小明", "小明 王"])
def test_names_written_without_spaces(typed):
    wang = patient("小明", "王")
    patient("Mai", "Wang")
    assert found(typed) == [wang]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["عرب", "عَرَبي"])
def test_names_written_from_right_to_left(typed):
    arabi = patient("Leila", "عربي")
    assert found(typed) == [arabi]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["9010 1234", "03 9010 1234", "(03) 9010", "+61 3 9010 1234", "3 9010 1234"])
def test_number_on_a_wall(typed):
    made = patient(phone="+61390101234")
    assert found(typed) == [made]


@pytest.mark.django_db
def test_a_month_begun_may_become_a_later_one():
    january, december = patient(date_of_birth=date(1990, 1, 23)), patient(date_of_birth=date(1990, 12, 23))
    assert set(found("23/1")) == {january, december}
    assert found("23/01") == [january]
    assert found("23/12") == [december]


@pytest.mark.django_db
@time_machine.travel("2026-11-24T01:00Z", tick=False)
def test_two_digits_of_a_year_are_the_past():
    old, young = patient(date_of_birth=date(1926, 4, 23)), patient(date_of_birth=date(2026, 4, 23))
    later = patient(date_of_birth=date(1927, 4, 23))
    assert set(found("23/4/26")) == {old, young}
    assert found("23/4/27") == [later]


@pytest.mark.django_db
def test_exact_words_come_first():
    longer, exact = patient("Maisie", "Ash"), patient("Mai", "Ash")
    assert found("mai") == [exact, longer]
    assert found("ash mai") == [exact, longer]


@pytest.mark.django_db
def test_somebody_is_found_once_and_the_limit_holds():
    everybody = [patient("Anna", "Annan", preferred_name="Annie") for _ in range(9)]
    assert len(found("ann", limit=5)) == len(set(found("ann", limit=5))) == 5
    assert set(found("ann", limit=20)) == set(everybody)


@pytest.mark.django_db
def test_only_those_whom_one_may_see():
    mine, _other = patient(), patient()
    psychologist = make.psychologist()
    make.appointment(psychologist=psychologist, patient=mine)
    assert search(Patient.objects.visible_to(Actor(psychologist.user, Role.PSYCHOLOGIST)), "mai ngu") == [mine]
    assert search(Patient.objects.none(), "mai") == []


@pytest.mark.django_db
def test_queries_do_not_grow_with_those_found():
    def queries(text):
        with CaptureQueriesContext(
            connection,
        ) as run:
            found(text)
        return len(run)

    patient()
    one = queries("mai"), queries("mai ngu")
    for _ in range(29):
        patient()
    assert (queries("mai"), queries("mai ngu")) == one == (1, 2)


@pytest.mark.django_db
def test_the_index_answers_a_prefix():
    rows = SearchKey.objects.filter(Token(("mai",)).condition).order_by("key", "patient").values("patient")[:20]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = rows.explain()
    assert "search_key_by_key" in plan
    assert not any(word in plan for word in ("SCAN patients", "TEMP B-TREE", "Sort", "Seq Scan"))
    if connection.vendor == "postgresql":
        assert "Index Cond" in plan


@pytest.mark.django_db
def test_reindex_writes_only_what_differs():
    made = patient()
    before = dict(made.search_keys.values_list("key", "pk"))
    reindex(made)
    assert dict(made.search_keys.values_list("key", "pk")) == before
    made.preferred_name = "Em"
    reindex(made)
    after = dict(made.search_keys.values_list("key", "pk"))
    assert after.keys() - before.keys() == {"em"}
    assert before.items() <= after.items()


@pytest.mark.django_db
def test_names_that_unfold_to_more_letters_than_a_key_holds():
    patient("ﷺ" * 100, "ß" * 100)
    assert max(map(len, SearchKey.objects.values_list("key", flat=True))) <= 254


@given(st.text(max_size=300))
def test_whatever_is_typed_becomes_tokens_without_an_error(text):
    for token in tokens_of(text):
        for prefix in token.prefixes:
            assert prefix
            assert "\x00" not in prefix
            assert len(prefix) <= 254


@given(st.text(min_size=2, max_size=100), st.text(max_size=100))
def test_every_whole_name_finds_its_person(first, last):
    keys = keys_of(Patient(legal_first_name=first, legal_last_name=last, date_of_birth=date(1990, 4, 23)))
    assert all(key and len(key) <= 254 for key in keys)


@pytest.mark.django_db
def test_likeness_by_name_and_birth_or_by_phone():
    same = patient("Mai", "Nguyễn", date_of_birth=date(1990, 4, 23))
    sister = patient("Lan", "Tran", date_of_birth=date(1995, 1, 1), phone="+61491570006")
    patient("Tom", "Ashby", date_of_birth=date(1990, 4, 23))
    patient("Mai", "Nguyễn", date_of_birth=date(1990, 4, 24))
    phone = sister.phone
    alike = possible_duplicates(
        Patient.objects.all(),
        first_name="MAI",
        last_name="Nguyen",
        date_of_birth=date(1990, 4, 23),
        phone=phone,
    )
    assert {(one.patient, one.same_name_and_birth, one.same_phone) for one in alike} == {
        (same, True, False),
        (sister, False, True),
    }
