"""What the queue does for bills. Both may run twice, or never: what isn't there is drawn when somebody asks for it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.billing.models import DrawnPaper, Invoice

# Most papers are asked for in the days after they were issued or paid; a year of them would outweigh all the records.
KEPT_FOR = timedelta(days=30)


def draw_paper(invoice_id: int) -> None:
    """Draws an invoice's PDF before somebody waits for it."""
    from portal.billing.paper import invoice_pdf  # it brings the PDF library, which is slow to load

    invoice_pdf(Invoice.objects.get(pk=invoice_id), now=timezone.now())


def put_papers_away() -> int:
    """Each night: lets go of papers drawn long ago, and says how many those were."""
    return DrawnPaper.objects.filter(drawn_at__lt=timezone.now() - KEPT_FOR).delete()[0]
