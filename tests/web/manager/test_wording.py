"""The manager says notices in the clinic's own words, and sees them as somebody gets them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.roles import Role
from portal.notifications.models import Notice, NoticeWording
from portal.patients.search import reindex
from tests import make

pytestmark = pytest.mark.django_db
LISTING, PAGE = "/manage/wording/", "/manage/wording/appointment_booked/en-au/"


@pytest.fixture
def boss():
    make.clinic(name="Banksia Lane", phone="+61390101234")
    return make.signed_in_client(role=Role.MANAGER)


def typed(client, page=PAGE, **words):
    """What a browser sends of the page: what stands there, but for what was typed."""
    fields = client.get(page).context["form"]
    return {name: fields[name].value() for name in fields.fields} | client.shown(page) | words


def save(client, page=PAGE, **words):
    return client.post(page, typed(client, page, **words), follow=True)


def own():
    row = NoticeWording.objects.newest().filter(template="appointment_booked", language="en-au").first()
    return row.words if row else None


def test_the_page_begins_with_what_is_sent(boss):
    form = boss.get(PAGE).context["form"]
    assert form["text"].value() == "{clinic}: Your appointment is booked for {when}. {free until}"
    assert form["subject"].value() == "Your appointment at {clinic}: {when}"
    assert form["opening_for"].value() == "the appointment of {whom} is booked."


def test_words_are_written_one_part_at_a_time_and_used_again(boss):
    answer = save(boss, opening="it is done.").content.decode()
    assert "Notices go out in these words from now on." in answer
    assert "Your words" in answer
    assert own() == {"opening": "it is done."}
    # Pressed twice, or as it ships: nothing is written.
    save(boss, opening="it is done.")
    assert NoticeWording.objects.count() == 1
    save(boss, opening="", text="{clinic}: {when}, see you! {free until}")
    assert own() == {"text": "{clinic}: {when}, see you! {free until}"}
    # The first version stands in the form, and nothing is saved by looking at it.
    again = boss.get(f"{PAGE}?version=1")
    assert "These are the words of version 1." in again.content.decode()
    sent = {name: again.context["form"][name].value() for name in again.context["form"].fields}
    assert sent["opening"] == "it is done."
    boss.post(PAGE, sent | boss.shown(f"{PAGE}?version=1"))
    assert own() == {"opening": "it is done."}
    assert boss.get(f"{PAGE}?version=9").status_code == 404
    assert [row.number for row in NoticeWording.objects.order_by("pk")] == [1, 2, 3]


def test_back_to_the_standard_words(boss):
    save(boss, opening="it is done.")
    page = boss.shown(PAGE)
    save(boss, opening="all is done.")
    # A page of before says that somebody wrote since, and takes nothing back.
    answer = boss.post(f"{PAGE}standard/", page, follow=True).content.decode()
    assert "Your words were changed meanwhile, and are kept." in answer
    assert own() == {"opening": "all is done."}
    for _ in range(2):
        answer = boss.post(f"{PAGE}standard/", boss.shown(PAGE), follow=True).content.decode()
        assert "The standard words are back." in answer
    assert own() == {}
    assert NoticeWording.objects.count() == 3


def test_two_managers_lose_nothing_of_each_others(boss):
    """On different parts both stand; on one part the later sees both, and decides."""
    other = make.signed_in_client(role=Role.MANAGER)
    mine, theirs = typed(boss), typed(other)
    boss.post(PAGE, mine | {"opening": "mine."})
    other.post(PAGE, theirs | {"closing": "theirs."})
    assert own() == {"opening": "mine.", "closing": "theirs."}
    late = other.post(PAGE, theirs | {"opening": "late."})
    assert late.status_code == 422
    assert "mine." in late.content.decode()
    assert "late." in late.content.decode()
    assert own() == {"opening": "mine.", "closing": "theirs."}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"text": "{clinic}: see you."}, "It must name {when}."),
        ({"text": "{clinic}: {when} {free until} {place}"}, "There is no field {place} here."),
        ({"opening": "your {first name"}, "A brace stands alone."),
        ({"closing": "Your therapy goes on."}, "says what the visit is for"),
        ({"closing": "See you for the grief SESSION."}, "is the name of a service"),
        ({"opening": "See evil.example now."}, "becomes a link on a telephone"),
        ({"text": "{clinic}: {when} {free until} " + "xin dạ " * 70}, "Write at most 6."),
    ],
)
def test_what_is_refused_is_said_and_kept_in_the_form(boss, words, said):
    make.service(name="Grief session")
    answer = boss.post(PAGE, typed(boss, **words))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert next(iter(words.values()))[:20] in answer.content.decode()
    assert not NoticeWording.objects.exists()


def test_a_long_text_is_taken_with_a_warning(boss):
    answer = save(boss, text="{clinic}: {when} {free until} " + "Please be early. " * 18)
    assert "It is sent as 3 texts, each of which is paid for." in answer.content.decode()
    assert "text" in own()


def test_a_service_that_takes_a_name_that_is_said_stops_the_words(boss):
    save(boss, closing="See you at the open hour.")
    make.service(name="Open hour")
    assert "“Open hour” is the name of a service." in boss.get(LISTING).content.decode()
    assert "Some of your words may not be sent any more" in boss.get(f"{LISTING}?language=vi").content.decode()
    assert "1 notice goes in the standard words" in boss.get("/manage/").content.decode()


# ---- The preview


def soon():
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)


def test_a_preview_counts_and_saves_nothing(boss):
    answer = boss.post(PAGE, typed(boss, opening="it is done.", look="1"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "it is done." in page
    assert re.search(r"1 text, \d+ characters in the alphabet of phones", page)
    fragment = boss.post(
        PAGE,
        typed(boss, text="{clinic} {when} {free until} dạ", look="1"),
        headers={"HX-Request": "true", "HX-Target": "preview"},
    ).content.decode()
    assert "<form" not in fragment
    assert "characters in Unicode" in fragment
    wrong = boss.post(
        PAGE, typed(boss, text="{clinic}", look="1"), headers={"HX-Request": "true", "HX-Target": "preview"}
    )
    assert "Not like this yet." in wrong.content.decode()
    assert not NoticeWording.objects.exists()


def test_a_real_person_is_found_and_shown_what_they_would_get(boss):
    patient = make.patient(legal_first_name="Charlie", legal_last_name="Zog", phone="+61491570156", language="vi")
    reindex(patient)
    make.ways(patient=patient, by_sms=True)
    make.appointment(patient=patient, starts_at=soon())
    look = typed(boss, opening="dear {first name}, it is done.", q="zog", look="1")
    assert str(patient.code) in boss.post(PAGE, look).content.decode()
    page = boss.post(PAGE, look | {"person": str(patient.code)}).content.decode()
    assert "dear Charlie, it is done." in page
    assert "They read Tiếng Việt, and get the words of that language." in page
    assert "times and amounts are invented" not in page
    # Looked at again, it is still theirs; and somebody invented by a press.
    assert "dear Charlie" in boss.post(PAGE, look | {"q": "", "seen_as": str(patient.code)}).content.decode()
    assert "dear Charlotte" in boss.post(PAGE, look | {"seen_as": str(patient.code), "person": ""}).content.decode()
    assert not Notice.objects.exists()
    assert not NoticeWording.objects.exists()


def test_every_notice_can_be_looked_at_for_somebody_real(boss):
    patient = make.patient(phone="+61491570156")
    make.appointment(patient=patient, starts_at=soon())
    for template in ("appointment_cancelled", "series_booked", "invoice", "reminder", "message_waiting"):
        page = f"/manage/wording/{template}/ar/"
        answer = boss.post(page, typed(boss, page, person=str(patient.code)))
        assert answer.status_code == 200, template


def test_only_notices_and_languages_that_exist(boss):
    for path in ("account/invitation/en-au/", "hours_changed/en-au/", "appointment_booked/fr/", "nobody/vi/"):
        assert boss.get(f"{LISTING}{path}").status_code == 404


def test_the_list_costs_the_same_however_much_is_written(boss):
    def queries():
        boss.get(LISTING)
        with CaptureQueriesContext(connection) as found:
            boss.get(LISTING)
        return len(found)

    save(boss, opening="it is done.")
    few = queries()
    for template in ("invoice", "receipt", "statement", "reminder", "message_waiting", "appointment_moved"):
        make.wording(template=template, words={"closing": "See you."})
    assert queries() == few
