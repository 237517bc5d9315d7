"""The demo's papers: printed whole, through the same checks as anybody's files, and two of them with the patient."""

from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from portal.accounts.models import User
from portal.common.documents import Kind
from portal.notifications.models import Notice
from portal.ops.demo import clinic, resources, sign_ins
from portal.ops.demo.handouts import HANDOUTS
from portal.patients.models import Patient
from portal.resources import storage
from portal.resources.models import Audience, DownloadCount, Resource, Share
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    clinic.found(is_demo=True)
    sign_ins.welcome_patients()
    accounts = {person: User.objects.get(email=person.email) for person in sign_ins.SIGN_INS}
    make.patient(user=accounts[sign_ins.JORDAN], legal_first_name="Jordan")
    patient = Patient.objects.get(user=accounts[sign_ins.JORDAN])
    make.appointment(psychologist=accounts[sign_ins.MAI].psychologist, patient=patient)
    resources.put_up(accounts=accounts, now=timezone.now(), say=lambda line: None)
    return {resource.title: resource for resource in Resource.objects.for_listing()}


def test_papers_are_printed_shared_and_counted(shelf):
    assert set(shelf) == {handout.title for handout in HANDOUTS}
    for handout in HANDOUTS:
        resource = shelf[handout.title]
        assert (resource.audience, resource.current.kind) == (handout.audience, Kind.PDF)
        with storage.opened(resource.current) as file:
            reader = PdfReader(BytesIO(file.read()))
        # A letter that no font has is left out without a word: so each word is looked for in the print.
        printed = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        written = [handout.title, handout.lede]
        for part in handout.parts:
            written += [part.heading, *part.text, *part.points, *part.boxes, *(name for name, _ in part.columns)]
        assert [words for words in " ".join(written).split() if words not in printed] == [], handout.title
        assert len(reader.pages) == 1, handout.title

    assert sorted((share.resource.title, share.seen_at is not None) for share in Share.objects.all()) == [
        ("Sleep diary", False),
        ("Thought record", True),
    ]
    assert all(share.note for share in Share.objects.all())
    assert Notice.objects.count() == 0
    counted = set(DownloadCount.objects.values_list("resource__audience", flat=True))
    assert counted == {Audience.PUBLIC, Audience.PATIENTS}
