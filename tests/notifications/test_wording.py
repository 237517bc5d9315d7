"""Notices in the clinic's own words: the fields, what is refused, and what a reader gets."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from portal.audit.models import Entry
from portal.clinic.models import Service
from portal.common.access.actors import Actor
from portal.journeys import wording
from portal.notifications import outbox
from portal.notifications.models import Notice, NoticeWording
from portal.notifications.recipients import Channel, Recipient
from portal.notifications.rendering import has_words_for_phones, render
from portal.notifications.segments import size_of
from portal.notifications.wording import samples, standard, standing
from portal.notifications.wording.judging import faults
from portal.notifications.wording.kinds import KINDS, OPENING, SUBJECT, TEXT
from portal.notifications.wording.standard import _bare
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)
ZONE = ZoneInfo("Australia/Melbourne")
FAR = SimpleNamespace(state="VIC", postcode="3056")
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture
def clinic():
    return make.clinic(name="Banksia Lane", phone="+61390101234", suburb="Brunswick", state="VIC", postcode="3056")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_standard_words_with_fields_are_what_is_sent(clinic, language):
    """Every notice, part and channel: what a manager begins with says what ships, for whoever reads it."""
    wrong = {}
    for template, kind in KINDS.items():
        words = standard.words_of(template, language, now=NOW, zone=ZONE)
        for part in kind.parts.values():
            if found := list(faults(part, words[part.name], names=())) if words[part.name] else []:
                wrong[template, part.name] = (words[part.name], found)
        # Somebody else, at another time, of whom other things are so.
        for whose in ("", "Wei {when}"):
            other = datetime(2027, 1, 18, tzinfo=UTC)
            context = samples.context(template, now=other, zone=ZoneInfo("Australia/Perth")) | {
                "whose": whose,
                "called": "Al",
            }
            for channel in (Channel.EMAIL, Channel.SMS):
                if channel == Channel.SMS:
                    # By video and from afar: both clocks are said.
                    vars(context["appointment"]).update(mode="video", patient=FAR, patient_id=1)
                own = render(template, context, language=language, channel=channel, own=words)
                ours = render(template, context, language=language, channel=channel, own={})
                for mine, shipped in ((own.subject, ours.subject), (own.text, ours.text)):
                    if _bare(mine) != _bare(shipped):
                        wrong[template, channel, whose] = (mine, shipped)
    assert wrong == {}


def test_every_notice_to_a_patient_can_be_worded():
    here = settings.BASE_DIR / "templates" / "notifications"
    texted = {path.parent.name for path in here.glob("*/text.txt")}
    assert set(KINDS) == texted
    assert all(has_words_for_phones(template) for template in KINDS)


def test_in_english_no_text_is_longer_than_two_parts(clinic):
    """With names and an address for links as they are; in two parts, all of it is read at a glance."""
    make.clinic(notice_name="Banksia Lane Rooms")
    sizes = {}
    for template in KINDS:
        for whose in ("", "Annabelle"):
            context = samples.context(template, now=NOW, zone=ZONE) | {"whose": whose}
            text = render(template, context, language="en-au", channel=Channel.SMS).text
            sizes[template, whose] = size_of(text)
    assert {which: size for which, size in sizes.items() if size.segments > 2 or size.is_unicode} == {}


# ---- What is refused

TEXT_OF_BOOKED = "{clinic}: see you {when}. {free until}"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (TEXT_OF_BOOKED, []),
        ("{ Clinic }: {WHEN}. {free  until}", []),
        ("｛clinic｝: {when} {free until}", []),
        ("{clinic}: {when}. {free until} {{ letterhead.phone }}", ["brace"]),
        ("{clinic}: {when}. {free until} {% debug %}", ["unknown"]),
        ("{clinic}: {when}. {free until} {}", ["unknown"]),
        ("{clinic}: {when}. {free until} {place}", ["unknown"]),
        ("{clinic}: {when}. {free until} {link", ["brace"]),
        ("{clinic}: {when}. {free until}}", ["brace"]),
        ("See you {when}. {free until}", ["missing"]),
        ("{clinic}: see you.", ["missing", "missing"]),
        (f"{TEXT_OF_BOOKED} Your therapy goes on.", ["clinical"]),
        (f"{TEXT_OF_BOOKED} Bring your ref{{first name}}erral.", ["clinical"]),
        (f"{TEXT_OF_BOOKED} ＴＨＥＲＡＰＹ", ["clinical"]),
        (f"{TEXT_OF_BOOKED} buổi trị liệu", ["clinical"]),
        (f"{TEXT_OF_BOOKED} your FIRST  visit", ["service"]),
        (f"{TEXT_OF_BOOKED} 首次会面", ["service"]),
        (f"{TEXT_OF_BOOKED} first visitors", []),
        (f"{TEXT_OF_BOOKED} See www.example", ["address"]),
        (f"{TEXT_OF_BOOKED} See https://x", ["address"]),
        (f"{TEXT_OF_BOOKED} See bit.ly/3xY", ["address"]),
        (f"{TEXT_OF_BOOKED} desk@localhost", ["address"]),
        (f"{TEXT_OF_BOOKED} Come at 10.30 am, i.e. early.", []),
        (f"{TEXT_OF_BOOKED} \u202eabc", ["unseen"]),
        (f"{TEXT_OF_BOOKED} a\u200bb", ["unseen"]),
        (f"{TEXT_OF_BOOKED} \x07", ["unseen"]),
        (f"{TEXT_OF_BOOKED}{'a' * 700}", ["long"]),
    ],
)
def test_what_is_refused_of_a_text(words, found):
    names = ("First visit", "首次会面")
    assert [fault.kind for fault in faults(KINDS["appointment_booked"].parts[TEXT], words, names=names)] == found


def test_an_opening_may_have_lines_and_a_subject_none():
    parts = KINDS["appointment_booked"].parts
    assert list(faults(parts[OPENING], "You are booked.\n\nSee you.", names=())) == []
    assert [fault.kind for fault in faults(parts[SUBJECT], "{clinic}\nSee you", names=())] == ["unseen"]


def test_the_words_of_the_clinic_are_not_written_past_the_rules(clinic):
    make.service(name="Grief session")
    boss = Actor.system("test")
    for text in ("{clinic}", "{clinic}: your grief session, {when}. {free until}"):
        with pytest.raises(wording.CannotSend):
            wording.write(template="appointment_booked", language="vi", words={TEXT: text}, by=boss, now=NOW)
    assert not NoticeWording.objects.exists()


# ---- What a reader gets


def write(template="appointment_booked", language="en-au", **words):
    return wording.write(template=template, language=language, words=words, by=Actor.system("test"), now=NOW)


def sent(template="appointment_booked", channel=Channel.EMAIL, language="en-au", **more):
    context = samples.context(template, now=NOW, zone=ZONE) | more
    return render(template, context, language=language, channel=channel)


def test_own_words_go_out_in_their_language_and_no_other(clinic):
    before = {language: sent(language=language) for language in LANGUAGES}
    write(
        text="{clinic}: see you {when}. {free until}",
        subject="See you at {clinic}",
        opening="it is done.\nWe look forward to it.",
        closing="Ring the bell twice.",
    )
    mail, text = sent(), sent(channel=Channel.SMS)
    assert mail.subject == "See you at Banksia Lane"
    assert "Hello Charlotte,\n\nit is done.\nWe look forward to it.\n\nWhen: " in mail.text
    assert "Ring the bell twice.\n\n--\nBanksia Lane\n" in mail.text
    assert "it is done.<br>We look forward to it.</p>" in mail.html
    assert "Ring the bell twice.</p>" in mail.html
    assert text.text.startswith("Banksia Lane: see you Tue 8 Dec")
    assert text.text.count("Free to cancel until") == 1
    assert {one: sent(language=one) for one in LANGUAGES if one != "en-au"} == {
        one: words for one, words in before.items() if one != "en-au"
    }
    # Back to the standard words is a version as well.
    assert write().number == 2
    assert sent() == before["en-au"]
    verbs = [(entry.verb, entry.facts["template"]) for entry in Entry.objects.filter(verb__startswith="notice_wording")]
    assert verbs == [("notice_wording.written", "appointment_booked"), ("notice_wording.reset", "appointment_booked")]


def test_whoever_reads_for_somebody_has_words_of_their_own(clinic):
    ours = sent(whose="Noah")
    write(opening="you are booked, {first name}.")
    assert "you are booked, Charlotte." in sent().text
    # Said otherwise to the patient alone, it stays as it is to the others.
    assert sent(whose="Noah") == ours
    write(opening_for="{whom} is booked, {first name}.")
    assert "Noah is booked, Charlotte." in sent(whose="Noah").text


@pytest.mark.parametrize("name", ["{clinic}", "{% debug %}", "O'Brien & <b>", "{{ letterhead }}", "ليلى", "{when"])
def test_no_name_is_read_as_words_or_as_a_tag(clinic, name):
    write(opening="dear {first name}, see you {when}.", text="{clinic} for {first name}: {when} {free until}")
    mail, text = sent(called=name), sent(channel=Channel.SMS, called=name)
    apart = f"\u2068{name}\u2069" if name == "ليلى" else name
    assert f"dear {apart}, see you Tuesday" in mail.text
    assert f"for {apart}: Tue" in text.text
    assert name in mail.html or "<b>" not in mail.html.partition("dear ")[2].partition("see you")[0]


def test_what_is_no_longer_neutral_goes_in_the_standard_words(clinic):
    before = sent()
    service = make.service(name="Long talk")
    write(opening="your free hour is booked.")
    assert "your free hour" in sent().text
    service.name = "Free hour"
    service.save(update_fields=["name"])
    assert sent() == before
    [own] = standing.everything().values()
    assert [(fault.part, fault.kind, fault.about) for fault in own.faults] == [(OPENING, "service", "Free hour")]
    Service.objects.filter(pk=service.pk).update(name="Another")
    assert "your free hour" in sent().text


def test_some_of_a_kind_go_in_the_standard_words_whatever_the_clinics_are(clinic):
    ours = sent("receipt", is_refund=True)
    write("receipt", opening="thanks for {amount}; receipt {number} is attached.")
    assert "thanks for $220.00" in sent("receipt").text
    assert sent("receipt", is_refund=True) == ours


def test_a_wording_costs_no_query_of_its_own(clinic):
    def queries():
        sent()
        with CaptureQueriesContext(connection) as found:
            sent(), sent(channel=Channel.SMS)
        return [query["sql"] for query in found]

    standing_alone = queries()
    for template in list(KINDS)[:6]:
        write(template, closing="See you soon.")
    # The stamp of what is kept, once for each.
    assert queries() == standing_alone
    assert len(standing_alone) == 2


def test_a_notice_is_queued_in_the_clinics_words_by_each_of_its_ways(clinic):
    write(subject="Soon at {clinic}", text="{clinic}: soon, {when}. {free until}")
    outbox.queue(
        template="appointment_booked",
        to=[Recipient.by_email("mai@example.com"), Recipient(Channel.SMS, "+61491570156")],
        context=samples.context("appointment_booked", now=NOW, zone=ZONE),
        about=None,
        dedupe_key="x",
    )
    notice = Notice.objects.get()
    assert notice.subject == "Soon at Banksia Lane"
    assert notice.otherwise[0][3].startswith("Banksia Lane: soon, Tue")


# ---- Versions


def test_the_same_words_are_no_new_version(clinic):
    assert write() is None
    first = write(opening="hello.")
    assert write(opening="hello.", closing="") == first
    assert [write(opening="good day.").number, write().number, write() and write().number] == [2, 3, 3]
    assert NoticeWording.objects.count() == 3


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE notifications_noticewording SET words = '{}'",
        "UPDATE notifications_noticewording SET written_by = 'x'",
        "DELETE FROM notifications_noticewording",
    ],
)
def test_a_version_never_changes(clinic, sql):
    write(opening="hello.")
    with (
        pytest.raises(DatabaseError, match="A wording never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert NoticeWording.objects.get().words == {"opening": "hello."}


def test_two_versions_never_have_one_number(clinic):
    row = write(opening="hello.")
    with pytest.raises(DatabaseError), transaction.atomic():
        NoticeWording.objects.create(
            template=row.template, language=row.language, number=1, words={}, written_by="x", written_at=NOW
        )
