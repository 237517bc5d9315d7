"""An invoice's PDF is drawn once, kept sealed, and never shown when the invoice would print something else."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from portal.billing import actions, paper, tasks
from portal.billing.models import DrawnPaper, Invoice
from portal.common.crypto.ciphertext import Sealed
from tests import make

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(books):
    make.clinic()
    return books.issued("220.00")


def drawn(invoice, now=NOW):
    return paper.invoice_pdf(Invoice.objects.get(pk=invoice.pk), now=now)


def words(pdf):
    return " ".join(pypdf.PdfReader(BytesIO(pdf)).pages[0].extract_text().split())


def test_drawn_once(invoice):
    """Two drawings differ by their moment: these are one."""
    first = drawn(invoice)
    assert first.startswith(b"%PDF-")
    assert drawn(invoice, NOW + timedelta(hours=1)) == first
    assert DrawnPaper.objects.get().drawn_at == NOW


def test_kept_sealed(invoice):
    pdf = drawn(invoice)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pdf, digest FROM billing_drawnpaper")
        [(kept, digest)] = cursor.fetchall()
    assert "%PDF" not in kept
    assert len(digest) == 64
    # Bound to its own row: it opens in no other.
    row = DrawnPaper.objects.get()
    assert isinstance(row.pdf_sealed, Sealed)
    assert row.pdf == pdf


@pytest.mark.parametrize("then", ["part paid", "paid", "refunded", "void"])
def test_what_changed_is_drawn_anew(books, invoice, then):
    if then == "refunded":
        books.pay(invoice, "220.00")
    before = drawn(invoice)
    match then:
        case "part paid":
            books.pay(invoice, "20.00")
        case "paid":
            books.pay(invoice, "220.00")
        case "refunded":
            payment = invoice.allocations.get().payment
            books.refund(payment, invoice, "220.00")
        case "void":
            actions.void_invoice(invoice=invoice, reason="Billed twice", by=books.by, now=books.now)
    after = drawn(invoice)
    said = {
        "part paid": "Balance owing $200.00",
        "paid": "PAID IN FULL",
        "refunded": "Card, refund",
        "void": "Billed twice",
    }[then]
    assert said not in words(before)
    assert said in words(after)
    assert drawn(invoice) == after
    assert DrawnPaper.objects.count() == 1


def test_another_sheet_is_drawn_anew(invoice, monkeypatch):
    """The next version of the portal may print the same words in another way."""
    before = drawn(invoice)
    monkeypatch.setattr(paper, "_sheet", lambda: "another")
    assert drawn(invoice) != before


def test_draft_is_never_kept(books):
    make.clinic()
    draft = books.draft("220.00")
    assert "DRAFT" in words(drawn(draft))
    assert not DrawnPaper.objects.exists()


def test_paper_that_was_drawn_costs_three_reads_and_the_stamp(invoice):
    drawn(invoice)
    with CaptureQueriesContext(connection) as run:
        drawn(invoice)
    # The invoice, its payments, the paper; and the stamp of the settings, which a request has read already.
    assert len(run) == 4


# ---- The worker ------------------------------------------------------------------------------------------------------


def queued():
    return [(task.task["func"], task.task["args"]) for task in OrmQ.objects.order_by("pk")]


def test_worker_draws_what_was_issued_and_paid(books, django_capture_on_commit_callbacks):
    make.clinic()
    draft = books.draft("220.00")
    steps = [
        lambda: actions.issue_invoice(invoice=draft, by=books.by, now=books.now),
        lambda: books.pay(draft, "20.00"),
        lambda: books.refund(draft.allocations.get().payment, draft, "20.00"),
    ]
    for n, step in enumerate(steps, start=1):
        with django_capture_on_commit_callbacks(execute=True):
            step()
        assert queued() == [("portal.billing.tasks.draw_paper", (draft.pk,))] * n


def test_drawing_twice_keeps_the_first(invoice):
    tasks.draw_paper(invoice.pk)
    kept = DrawnPaper.objects.get()
    tasks.draw_paper(invoice.pk)
    assert DrawnPaper.objects.get().drawn_at == kept.drawn_at
    assert drawn(invoice) == kept.pdf


def test_old_papers_are_put_away(invoice, time_machine):
    time_machine.move_to(NOW, tick=False)
    drawn(invoice)
    time_machine.move_to(NOW + timedelta(days=30), tick=False)
    assert tasks.put_papers_away() == 0
    time_machine.move_to(NOW + timedelta(days=30, seconds=1), tick=False)
    assert tasks.put_papers_away() == 1
    assert drawn(invoice).startswith(b"%PDF-")
