"""Letters of referral on file at the invented clinic: one that says all that it has to, one whose writer was asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.accounts.models import User
from portal.common.access.actors import Actor
from portal.common.documents import clean_document, sealed
from portal.medicare import letters
from portal.medicare.models import LetterCheck, Referral
from portal.medicare.models.checks import TICKS
from portal.patients.models import Patient

ALL = dict.fromkeys(TICKS, True)
UNSAID = ("has_medication", "has_plan")


def put_on_file(user: User, *, by: Actor, now: datetime) -> None:
    """The letter of this account's own record, and that of somebody else, which lacks something."""
    at = now - timedelta(days=20)
    theirs = Referral.objects.standing().for_medicare().order_by("pk").select_related("patient")
    if first := theirs.filter(patient__user=user).first():
        _put(first, by=by, now=at)
        letters.check(referral=first, ticks=ALL, by=by, now=at)
    if other := theirs.exclude(patient__user=user).filter(patient__medicare_number__gt="").first():
        _put(other, by=by, now=at)
        lacks = letters.check(referral=other, ticks=ALL | dict.fromkeys(UNSAID, False), by=by, now=at)
        letters.asked(found=lacks, how=LetterCheck.How.FAX, by=by, now=at + timedelta(minutes=10))


def _put(referral: Referral, *, by: Actor, now: datetime) -> None:
    # Through the same check as everybody's files.
    file = clean_document(SimpleUploadedFile("Referral.pdf", _written(referral)))
    with sealed.put(file, of=letters.BOUND_TO) as put:
        letters.put_on_file(referral=referral, file=file, put=put, by=by, now=now)


def _written(referral: Referral) -> bytes:
    """As a GP's program prints it. Importing what draws it takes a while: only the demo waits."""
    from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    patient: Patient = referral.patient
    day = referral.written_on
    born = f"{patient.date_of_birth:%d/%m/%Y}" if patient.date_of_birth else ""
    lines = (
        *(referral.referrer_practice, f"{referral.referrer_name}, provider {referral.referrer_provider_number}", ""),
        *(f"{day.day} {day:%B %Y}", "", "Dear colleague,", ""),
        *(f"Re: {patient.legal_name}, born {born}", f"{patient.suburb} {patient.state} {patient.postcode}", ""),
        f"Thank you for seeing {patient.legal_name} under a mental health treatment plan",
        *(f"for a course of {referral.services} services.", ""),
        *("This letter is part of a demo: what a doctor would write of why stands here.", ""),
        *("With kind regards,", "", f"{referral.referrer_name} (signed)"),
    )
    drawn = BytesIO()
    canvas = Canvas(drawn, pagesize=A4)
    text = canvas.beginText(72, 760)
    text.setFont("Helvetica", 11)
    text.setLeading(17)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)
    canvas.showPage()
    canvas.save()
    return drawn.getvalue()
