"""The demo's shelf: six small papers, printed by the portal itself, two of them shared with a patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.documents import clean_document
from portal.common.paper.pdf import render_pdf
from portal.ops.demo import sign_ins
from portal.ops.demo.handouts import HANDOUTS, SLEEP, THOUGHTS, Handout
from portal.patients.models import Patient
from portal.resources.actions import categories, files, sharing
from portal.resources.models import Category, DownloadCount, Resource

WORKSHEETS = "Sheets to fill in between sessions, on paper or on a screen."
NOTES = {
    THOUGHTS: "Jordan, this is the sheet we went through on the whiteboard. One row this week is plenty; the middle "
    "column is the one that matters.",
    SLEEP: "For the nights before the early shifts. Guess the times, and leave out a day if it was too much.",
}


def put_up(*, accounts: dict[sign_ins.Person, User], now: datetime, say: Callable[[str], object]) -> None:
    """Prints the papers, puts them on the shelf, and shares two of them; one was opened."""
    say("  worksheets and guides ...")
    helen, mai = Actor(accounts[sign_ins.HELEN], Role.MANAGER), Actor(accounts[sign_ins.MAI], Role.PSYCHOLOGIST)
    shelf = {handout: _put(handout, place, by=helen, now=now) for place, handout in enumerate(HANDOUTS)}
    jordan = Patient.objects.get(user=accounts[sign_ins.JORDAN])
    # Past the journey: the demo's mailbox begins empty.
    for handout, days in ((THOUGHTS, 6), (SLEEP, 1)):
        share = sharing.share(
            resource=shelf[handout], patient=jordan, note=NOTES[handout], by=mai, now=now - timedelta(days=days)
        )
        if handout is THOUGHTS:
            reader = Actor(accounts[sign_ins.JORDAN], Role.PATIENT)
            sharing.mark_seen(share=share, by=reader, now=share.shared_at + timedelta(hours=5))
    _read(shelf, now=now)


def _put(handout: Handout, place: int, *, by: Actor, now: datetime) -> Resource:
    begun = now - timedelta(days=40 - place)
    # Through the same check as everybody's files.
    file = clean_document(SimpleUploadedFile(f"{handout.title}.pdf", printed(handout)))
    values = {
        "title": handout.title,
        "description": handout.about,
        "category": _category(handout.category, by=by, now=begun),
        "audience": handout.audience,
        "position": place,
    }
    return files.add_resource(values=values, file=file, by=by, now=begun)


def printed(handout: Handout) -> bytes:
    with translation.override("en-au"):
        return render_pdf("pdf/handout.html", {"handout": handout, "clinic": ClinicSettings.current()})


def _category(name: str, *, by: Actor, now: datetime) -> Category:
    found = Category.objects.filter(name=name).first()
    return found or categories.add_category(name=name, description=WORKSHEETS, by=by, now=now)


def _read(shelf: dict[Handout, Resource], *, now: datetime) -> None:
    """A month of being opened: less on weekends, a little more each week."""
    today = ClinicSettings.current().today(now)
    counts = []
    for place, (handout, resource) in enumerate(shelf.items()):
        for ago in range(36):
            day = today - timedelta(days=ago)
            quiet = 0.4 if day.weekday() >= 5 else 1
            times = round(handout.read * quiet * (1.2 - ago / 60) + ((ago * 7 + place * 3) % 5 - 2) * handout.read / 5)
            if times > 0 and handout.audience != "shared_only":
                counts.append(DownloadCount(resource=resource, day=day, times=times))
    DownloadCount.objects.bulk_create(counts)
