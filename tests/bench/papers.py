"""Invoices on paper: as many in one batch as anybody may ask for, and one beside a bare page of the same words."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from statistics import median
from typing import Any

from django.utils import timezone, translation

from portal.accounts.roles import Role
from portal.billing import paper
from portal.billing.models import BulkRun, Invoice
from portal.common.access.actors import Actor
from portal.common.paper import fonts
from portal.common.paper.pdf import render_pdf
from portal.journeys import together
from tests.bench.memory import Process
from tests.bench.seed import Clinic
from tests.bench.targets import fresh

MOST, FEW = together.MOST, 4
# Seconds that each of them may take at the most, before nobody waits any longer.
EACH_WITHIN = 3
# The fonts of all scripts are read for the first.
ROUNDS = 7


def batch(clinic: Clinic, *, count: int, processes: Callable[[], list[Process]]) -> str:
    """Has the worker print invoices that nobody has asked for, and looks how much memory it takes meanwhile."""
    invoices = list(fresh().filter(drawn=None).values_list("pk", flat=True)[:count])
    before = _of_the_queue(processes)
    begun, first, by = time.monotonic(), None, Actor(clinic.reception, Role.RECEPTION)
    run = together.begin(kind=BulkRun.Kind.PRINT, invoices=invoices, by=by, now=timezone.now())
    most = before
    while not (done := BulkRun.objects.defer("pdf").get(pk=run.pk)).finished_at:
        if time.monotonic() - begun > 20 + EACH_WITHIN * len(invoices):
            return f"WRONG {len(invoices)} invoices as one PDF: {done.done} were drawn in time"
        if first is None and done.done:
            first, begun = done.done, time.monotonic()
        most = max(most, _of_the_queue(processes))
        time.sleep(0.3)
    # Without what the worker waits and brings its libraries for, before the first.
    took, counted = time.monotonic() - begun, max(1, len(invoices) - (first or 0))
    size = len(done.pdf or b"") / 1024**2
    return (
        f"{len(invoices)} invoices as one PDF by the worker: {took / counted * 1000:.0f} ms each, "
        f"{size:.1f} MB, {len(done.held_back)} held back; its memory {before:.0f} MB before, at most {most:.0f} MB"
    )


def _of_the_queue(processes: Callable[[], list[Process]]) -> float:
    """Megabytes of the worker and its processes."""
    return sum(one.own or one.resident for one in processes() if one.name.startswith(("worker", "queue")))


def one() -> str:
    """An invoice drawn from its template, and the same words set by reportlab alone, line by line in the same font."""
    invoice = fresh().first()
    facts = {**paper.facts_of(Invoice.objects.get(pk=invoice.pk)), "logo": ""}
    with translation.override("en-au"):
        ours = _seconds(lambda: render_pdf(paper.TEMPLATE, facts))
        lines = _lines(render_pdf(paper.TEMPLATE, facts))
    bare = _seconds(lambda: _bare_page(lines))
    words = sum(len(line.split()) for line in lines)
    return (
        f"one invoice drawn: {ours * 1000:.1f} ms; a bare reportlab page of its {words} words: {bare * 1000:.1f} ms; "
        f"x {ours / bare:.1f}"
    )


def _lines(pdf: bytes) -> list[str]:
    from pypdf import PdfReader

    return [line for page in PdfReader(BytesIO(pdf)).pages for line in page.extract_text().splitlines() if line.strip()]


def _bare_page(lines: list[str]) -> bytes:
    from xml.sax.saxutils import escape

    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    if "bench" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("bench", fonts.body().regular))
    style, out = ParagraphStyle("bench", fontName="bench", fontSize=9, leading=12), BytesIO()
    SimpleDocTemplate(out, pagesize=A4).build([Paragraph(escape(line), style) for line in lines])
    return out.getvalue()


def _seconds(draw: Callable[[], Any]) -> float:
    """Of a processor, in the middle of a few after the first."""
    took = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        draw()
        took.append(time.process_time() - begun)
    return median(took[1:])
