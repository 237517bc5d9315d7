"""What a form marks as required is all that it requires: who fills in that and no more is never told of more."""

from __future__ import annotations

import importlib
import pkgutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.forms import BaseForm
from PIL import Image

import portal
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.states import Verb
from portal.billing.takings import Takings
from portal.clinic.models import Psychologist
from portal.common.forms.raw import written
from portal.common.forms.shown import SHOWN, MergesChanges
from portal.journeys import checking_out
from portal.notifications.wording.kinds import KINDS, PARTS
from portal.records.instruments import CURRENT
from portal.web.calendars.move_forms import MoveForm as MoveOnCalendar
from portal.web.patient.views import subscribing
from portal.website import texts
from tests import make
from tests.shared import rows_for_all

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
TODAY = NOW.date()
# Forms that only read an address or a list, and so require nothing, and parts that others are made of. Those of the
# sign-in's own library have no field that may stay empty.
NOT_FILLED_IN = {
    *("SearchForm", "PatientSearch", "ArticleSearch", "Search", "Wanted", "PeopleFilter", "ArrivalsFilter"),
    *("BookingChoice", "OfferedTime", "DayChoice", "LanguageChoice", "Choice", "TimeChoice", "NewTime"),
    *("Preference", "WaitFor", "RevisionChoice", "RoomChoice", "SeenForm", "SendForm", "EndCarerForm", "ShownForm"),
    *("FeeShown", "Agreeing", "Agreement", "WhoFor", "SignForm", "PreviewForm", "ExampleForm"),
    *("PersonForm", "ClinicForm", "SluggedForm", "WithPortrait", "ProfileForm", "OurFields", "KeepsPictures"),
    *("SeesOtherSaves", "ShiftForm", "JoinForm", "FindReferrerForm"),
}
LIBRARYS_OWN = ("portal.accounts.forms", "portal.accounts.passkeys")
OURS_THERE = {"InviteForm", "RolesForm", "NameForm"}


def all_forms() -> Iterator[type[BaseForm]]:
    for module in pkgutil.walk_packages(portal.__path__, "portal."):
        if not {"migrations", "management", "wsgi"} & set(module.name.split(".")):
            importlib.import_module(module.name)

    def below(kind: type[BaseForm]) -> Iterator[type[BaseForm]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    return iter({one: None for one in below(BaseForm) if one.__module__.startswith("portal.")})


def filled_in() -> list[type[BaseForm]]:
    """Every form of ours that somebody fills in."""
    return sorted(
        (
            form
            for form in all_forms()
            if not form.__name__.startswith("_")
            and form.__name__ not in NOT_FILLED_IN
            and (form.__module__ not in LIBRARYS_OWN or form.__name__ in OURS_THERE)
        ),
        key=lambda form: (form.__module__, form.__name__),
    )


FORMS = filled_in()


@pytest.fixture(scope="module")
def session_of_all(django_db_setup, django_db_blocker):
    with rows_for_all(django_db_blocker):
        make.clinic()
        make.mbs_items()
        make.language()
        make.specialisation()
        make.category()
        psychologist = make.psychologist()
        location = make.location()
        make.room(location=location)
        session = make.appointment(psychologist=psychologist, location=location, starts_at=NOW)
        make.resource()
        yield session.pk


@pytest.fixture
def world(session_of_all, db):
    """What the forms are about."""
    return Appointment.objects.get(pk=session_of_all)


def arguments(form: type[BaseForm], session) -> dict[str, object]:
    """What a form is made with beside what is typed."""
    today, psychologist = TODAY, session.psychologist
    service = session.service
    waiting = {
        "people": [session.patient],
        "clinic": make.clinic(),
        "services": [service],
        "psychologists": [psychologist],
        "places": [session.location],
        "now": NOW - timedelta(days=7),
    }
    owing = SimpleNamespace(invoice=SimpleNamespace(balance=Decimal(10), bulk_billed=False))
    claim = SimpleNamespace(revision=0, may_bring=Decimal(10), service_date=today - timedelta(days=1), line=owing)
    of_a_claim = {"claim": claim, "today": today, "step": "approve"}
    by_name: dict[str, dict[str, object]] = {
        "PsychologistForm": {"user": psychologist.user, "instance": psychologist},
        "OwnProfileForm": {"instance": psychologist},
        "ArticleForm": {
            "actor": make.actor(psychologist.user, Role.PSYCHOLOGIST),
            "zone": ZONE,
            "today": today,
            "post": None,
            "code": uuid.uuid4(),
        },
        "NameForm": {"user": psychologist.user},
        "UndoForm": {"verb": Verb.UNDO_CHECK_IN},
        "PaymentForm": {"most": Decimal(10), "today": today, "since": today},
        "RefundForm": {"most": Decimal(10), "today": today, "since": today, "came_by": "card", "can_keep": True},
        "TakingForm": {
            "owing": [],
            "held": Decimal(0),
            "places": [session.location],
            "place": None,
            "today": today,
            "seen": "",
        },
        **dict.fromkeys(("OfAClaim", "ApproveForm", "RejectForm", "WithdrawForm", "AgainForm"), of_a_claim),
        "SendManyForm": {"today": today},
        "LineForm": {"charges_gst": True},
        "TypedForm": {"payers": [], "charges_gst": True},
        "CardRefundForm": {"most": Decimal(10)},
        "SettledForm": {"about": uuid.uuid4()},
        "CloseForm": {"takings": Takings(), "last": None, "unfinished": ""},
        "LimitsForm": {"since": today - timedelta(days=30)},
        "PartForm": {"today": today},
        "AccountRefundForm": {"most": Decimal(10), "came_by": {"card"}, "places": [session.location], "place": None},
        "PaymentCorrectionForm": {"start": {}, "today": today, "places": [session.location], "place": None},
        "AheadForm": {"amount": Decimal(10)},
        "OtherRoomForm": {"among": [make.room(location=session.location).pk]},
        "PatternForm": {"first_day": today},
        "PlanForm": {"owing": [], "today": today},
        "HoldForm": {"today": today},
        "MeasureForm": {"instrument": CURRENT["phq9"]},
        "PaperForm": {"instrument": CURRENT["gad7"], "today": today},
        "TimeChoice": {"zone": ZONE},
        "CreditForm": {"lines": []},
        "NumberAtForm": {"place": session.location, "number": None},
        "PatientForm": {"today": today},
        "OwnDetailsForm": {"today": today, "instance": session.patient},
        "BookingDetailsForm": {"today": today},
        "BornForm": {"today": today},
        "PublishForm": {"earliest": today, "facts": [], "newest": None},
        "ReviewForm": {"today": today},
        "TagForm": {"tag": None},
        "SlotForm": {"zone": ZONE, "now": NOW, "is_own": True},
        "AwayForm": {"zone": ZONE, "now": NOW},
        "StretchForm": {"now": NOW},
        "OpenOtherForm": {"opening": [], "to": session.patient, "today": today},
        "ChosenCarer": {"patient": session.patient},
        "ShareForm": {
            "patient": session.patient,
            "actor": make.actor(psychologist.user, Role.PSYCHOLOGIST),
            "now": NOW,
        },
        "AnyTime": {"psychologists": Psychologist.objects.all()},
        "CheckOutForm": {"claim": checking_out.claim_for(session, now=NOW), "charges_gst": True},
        "ReferralForm": {"today": today},
        "LetterForm": {"there": None},
        "CheckForm": {"referral": make.referral(), "newest": None},
        "CorrectionForm": {"today": today, "referral": make.referral()},
        "UsedElsewhereForm": {"newest": None},
        "WaysForm": {"patient": session.patient},
        "SiteTextForm": {"text": texts.find("home.title", "en")[1], "language": "en", "standard": "Welcome"},
        "WordingForm": {
            "kind": KINDS["receipt"],
            "language": "en-au",
            "standard": dict.fromkeys(PARTS, ""),
            "now": NOW,
        },
        "RolesForm": {"user": psychologist.user},
        "ClaimForm": {"today": today, "user": psychologist.user, "has_record": False},
        "AddressForm": {"post": make.post()},
        "TitlesForm": {"room": subscribing.ROOM},
        "ChosenSessions": {"values": ["one"]},
        "TimeOffForm": {"clinic": make.clinic(), "now": NOW},
        "WishForm": waiting,
        "DeskWishForm": waiting,
        "NewCard": {"patients": [session.patient]},
        "OwnWishForm": waiting | {"chosen": session.patient},
        "StaffMoveForm": {"session": session, "people": [psychologist], "places": [session.location]},
        "WhoseForm": {"patients": [session.patient]},
        "UnlinkForm": {"account": psychologist.user},
        "BeginForm": {"people": [session.patient], "writes_to": {session.patient.pk: [psychologist]}},
    }
    if form is MoveOnCalendar:
        # The form of a series that is moved bears the same name, and needs nothing.
        return {"people": [psychologist], "zone": ZONE}
    return by_name.get(form.__name__, {})


def something(field: forms.Field) -> object:
    """What somebody might type into a required field."""
    match field:
        case forms.ImageField() | forms.FileField():
            drawn = BytesIO()
            Image.new("RGB", (600, 600), "white").save(drawn, "PNG")
            return SimpleUploadedFile("a.png", drawn.getvalue(), content_type="image/png")
        case forms.ModelChoiceField():
            row = field.queryset.first()
            return "" if row is None else field.prepare_value(row)
        case forms.ChoiceField():
            values = [value for value, _label in field.choices if value not in ("", None)]
            return values[0] if values else ""
        case forms.UUIDField():
            return str(uuid.uuid4())
        case forms.EmailField():
            return "ash@example.com"
        case forms.BooleanField():
            return "on"
        case forms.DateField():
            return (TODAY - timedelta(days=1)).isoformat()
        case forms.IntegerField():
            return str(max(1, int(field.min_value or 1)))
        case forms.TimeField():
            return "09:00"
    kind = type(field).__name__
    return {"DateField": TODAY.isoformat(), "TimeField": "09:00", "MoneyField": "10.00"}.get(kind, "Words")


@pytest.mark.parametrize("kind", FORMS, ids=lambda form: form.__name__)
def test_who_fills_in_what_is_marked_is_told_of_no_more(world, kind):
    given = arguments(kind, world)
    shown = kind(**given)
    typed = {}
    for name, field in shown.fields.items():
        if not field.required and not field.widget.is_hidden:
            continue
        value = something(field)
        if isinstance(field, (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)):
            value = [value]
        typed[shown.add_prefix(name)] = value
    if isinstance(shown, MergesChanges) and shown.is_edit:
        typed[shown.add_prefix(SHOWN)] = written(shown.stored)
    files = {name: value for name, value in typed.items() if isinstance(value, SimpleUploadedFile)}
    words = {name: value for name, value in typed.items() if name not in files}
    sent = kind(words, files, **given) if files else kind(words, **given)
    sent.full_clean()
    asked = {name: errors for name, errors in sent.errors.items() if name in shown.fields and not marked(shown, name)}
    assert asked == {}, f"{kind.__name__} marks them as optional, and then asks for them"


@pytest.mark.parametrize("kind", FORMS, ids=lambda form: form.__name__)
def test_no_two_fields_of_a_form_bear_one_name(world, kind):
    """What is wrong is listed above a form by the names of its fields, apart from the groups that they stand in."""
    labels = [str(field.label) for field in kind(**arguments(kind, world)) if not field.is_hidden]
    assert sorted(labels) == sorted(set(labels))


def marked(form: BaseForm, name: str) -> bool:
    """Whether it stands there as required, as one of those that are, or is none of what somebody fills in."""
    field = form.fields[name]
    among = {*getattr(form, "one_of", ()), *getattr(form, "needed_where_shown", ())}
    return field.required or field.widget.is_hidden or name in among
