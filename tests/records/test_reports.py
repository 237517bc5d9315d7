"""Reports to referrers: written by their author alone, kept once signed, and nowhere in clear."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.common.paper.pdf import render_pdf
from portal.records import report_guards, reports
from portal.records.models import Report
from portal.records.refusals import NothingWritten, NotSigned, NotTheirs, ReportSigned, StaleReport
from portal.web.psychologist.views.reports import on_paper
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
WORDS = "Assessments carried out\nThe lighthouse test\n\nTreatment provided\nCBT\n\nRecommendations\nReview\n"
PAPER = {"patient": "Nora Kelly", "dates": ["2026-11-24"], "to": ["Dr Wong"]}


@pytest.fixture
def report():
    make.clinic()
    return reports.owe(
        referral=make.referral(),
        author=make.psychologist(),
        cause="course",
        last_service=date(2026, 11, 24),
        service_dates=[date(2026, 11, 24)],
        by=Actor.system("worklist"),
        now=NOW,
    )


@pytest.fixture
def by(report):
    return Actor(report.author.user, Role.PSYCHOLOGIST)


def written(report, by, body=WORDS):
    return reports.save_draft(report=report, body=body, version=0, by=by, now=NOW)


def signed(report, by):
    return reports.sign(report=written(report, by), version=1, paper=PAPER, by=by, now=NOW)


def test_only_its_author_opens_it(report, by):
    for actor in (
        Actor(make.psychologist().user, Role.PSYCHOLOGIST),
        Actor(report.author.user, Role.MANAGER),
        Actor(report.author.user, Role.RECEPTION),
        Actor(report.author.user, Role.PATIENT),
    ):
        assert not Report.objects.visible_to(actor).exists()
        with pytest.raises(NotTheirs):
            written(report, actor)
        with pytest.raises(NotTheirs):
            reports.read(report=report, by=actor, now=NOW)
    assert Report.objects.visible_to(by).get() == report


def test_two_windows_lose_nothing(report, by):
    written(report, by)
    with pytest.raises(StaleReport):
        written(report, by, "Something else")
    # The same words sent again are no change.
    assert written(report, by).version == 1


@pytest.mark.parametrize("body", ["", "  \n", "Assessments carried out\n\n\nTreatment provided\n\n\nRecommendations\n"])
def test_an_empty_page_begins_nothing(report, by, body):
    with pytest.raises(NothingWritten):
        written(report, by, body)
    assert not Entry.objects.filter(verb="report.drafted").exists()


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (WORDS, []),
        ("Just words", ["Assessments carried out", "Treatment provided", "Recommendations"]),
        ("Assessments carried out\nK10\nTreatment provided\n\nRecommendations\nReview", ["Treatment provided"]),
    ],
)
def test_each_part_is_to_be_written(report, by, body, missing):
    assert reports.unwritten(body) == missing
    written(report, by, body)
    if missing:
        with pytest.raises(NothingWritten):
            reports.sign(report=report, version=1, paper=PAPER, by=by, now=NOW)


def test_from_owed_to_sent(report, by):
    with pytest.raises(NotSigned):
        reports.mark_sent(report=report, how="post", by=by, now=NOW)
    signed(report, by)
    with pytest.raises(ReportSigned):
        written(report, by, "Other words")
    assert reports.mark_sent(report=report, how="fax", by=by, now=NOW)
    assert not reports.mark_sent(report=report, how="post", by=by, now=NOW)
    report.refresh_from_db()
    assert (report.stage, report.sent_how, report.sent_at) == ("sent", "fax", NOW)


def test_no_word_of_it_stands_in_the_database_in_clear(report, by):
    signed(report, by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM records_report")
        assert "lighthouse" not in str(cursor.fetchall())
    assert "lighthouse" not in str(list(Entry.objects.values_list("facts", flat=True)))


def test_it_is_owed_once(report):
    again = reports.owe(
        referral=report.referral,
        author=report.author,
        cause="quiet",
        last_service=report.last_service,
        service_dates=[],
        by=Actor.system("worklist"),
        now=NOW,
    )
    assert again is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(
            patient=report.patient,
            author=report.author,
            referral=report.referral,
            course=report.course,
            cause="quiet",
            last_service=report.last_service,
            owed_at=NOW,
            updated_at=NOW,
        )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE records_report SET version = 9", report_guards.NEVER_CHANGES),
        ("UPDATE records_report SET body = 'v1:k:AAAA' WHERE body IS NULL OR 1 = 1", report_guards.NEVER_CHANGES),
        ("UPDATE records_report SET stage = 'draft', signed_at = NULL", report_guards.NEVER_CHANGES),
        ("DELETE FROM records_report", report_guards.NEVER_DELETED),
    ],
)
def test_the_database_keeps_a_signed_one(report, by, sql, words):
    signed(report, by)
    if "body" in sql:
        # Under the same key other ciphertext is other words.
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM records_report")
            key = cursor.fetchone()[0].split(":")[1]
        sql = f"UPDATE records_report SET body = 'v1:{key}:AAAA'"
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_database_keeps_it_with_its_author(report):
    with pytest.raises(DatabaseError, match=report_guards.KEEPS_ITS_COURSE), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(author=make.psychologist())


def test_every_column_is_kept_sealed_or_says_that_it_was_sent():
    columns = {field.column for field in Report._meta.local_concrete_fields}
    assert columns == {*report_guards.KEPT, *report_guards.SENT, *report_guards.SEALED}


# ---- The pages ------------------------------------------------------------------------------------------------------


def at(name, *codes):
    return reverse(f"psychologist:{name}", args=codes)


def test_from_the_register_to_the_paper(report, by):
    client = make.client_for(by.user)
    assert report.patient.name in client.get(at("reports")).content.decode()
    page = client.get(at("report", report.code))
    assert "Assessments carried out" in page.content.decode()
    answer = client.post(at("draft_report", report.code), {"body": WORDS, "version": "0"})
    assert "Saved" in answer.content.decode()
    old = client.post(at("draft_report", report.code), {"body": "Other", "version": "0"})
    assert old.status_code == 409
    assert client.get(at("report_pdf", report.code)).status_code == 404
    asks = client.post(at("sign_report", report.code), {"body": WORDS, "version": "1"})
    assert asks.url == at("sign_report", report.code)
    assert "The lighthouse test" in client.get(asks.url).content.decode()
    assert client.post(asks.url, {"version": "1"}).url == at("report", report.code)
    assert client.get(at("report_pdf", report.code)).content.startswith(b"%PDF")
    assert client.post(at("report_sent", report.code), {"how": "secure"}).url == at("report", report.code)
    assert "By secure messaging" in client.get(at("report", report.code)).content.decode()
    assert report.patient.name not in client.get(at("reports")).content.decode()
    assert report.patient.name in client.get(at("reports"), {"show": "sent"}).content.decode()


def test_what_lacks_a_part_is_not_signed(report, by):
    client = make.client_for(by.user)
    client.post(at("draft_report", report.code), {"body": "Just words", "version": "0"})
    page = client.post(at("sign_report", report.code), {"version": "1"})
    assert page.status_code == 422
    assert "Nothing is written yet under" in page.content.decode()
    report.refresh_from_db()
    assert not report.is_signed


@pytest.mark.parametrize("page", ["report", "draft_report", "sign_report", "report_pdf"])
def test_a_colleague_finds_none(report, page):
    assert make.client_for(make.psychologist().user).get(at(page, report.code)).status_code == 404
    assert make.signed_in_client(role=Role.RECEPTION).get(at(page, report.code)).status_code == 403


@pytest.mark.parametrize("count", [1, 30])
def test_the_register_asks_the_same_however_long_it_is(report, by, count, django_assert_max_num_queries):
    for _ in range(count - 1):
        reports.owe(
            referral=make.referral(),
            author=report.author,
            cause="course",
            last_service=date(2026, 11, 24),
            service_dates=[],
            by=Actor.system("worklist"),
            now=NOW,
        )
    client = make.client_for(by.user)
    client.get(at("reports"))
    with django_assert_max_num_queries(9):
        assert len(client.get(at("reports")).context["lines"]) == min(count, 25)


SENTENCE = "They came with worries about work and sleep, which have eased. "


def test_a_long_report_leaves_no_page_half_empty():
    body = "\n".join(line for heading in reports.headings() for line in (heading, SENTENCE * 40))
    words = on_paper(body)
    assert [heading for heading, _line in words["blocks"]] == list(reports.headings())
    heading, end = words["closing"]
    assert (heading, words["goes_on"], end.startswith("They came"), len(end) < 400) == ("", True, True, True)
    assert "".join(line for _heading, line in words["blocks"][-1:]) + " " + end == (SENTENCE * 40).strip()
    plain = {"clinic": {"name": "Elm", "lines": []}, "to": [], "dates": []}
    pages = PdfReader(BytesIO(render_pdf("pdf/report.html", {"paper": plain, "words": words}))).pages
    # Three parts of some twenty lines each fill one page and the beginning of another, and each goes on over the break.
    assert len(pages) == 2
    assert "With kind regards" in pages[1].extract_text()


def test_a_short_report_keeps_its_last_paragraph_whole():
    first, *others = reports.headings()
    words = on_paper("\n".join([first, "Short.", *others]))
    assert words["blocks"] == [(first, "Short."), *((heading, "") for heading in others[:-1])]
    assert (words["closing"], words["goes_on"]) == ((others[-1], ""), False)
