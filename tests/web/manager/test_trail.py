import ast
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.audit.facts import MOST_NUMBER
from portal.audit.models import Entry
from portal.clinic import actions
from portal.clinic.models import ClinicSettings, Location, Psychologist, Room, Service
from portal.common.access.actors import Actor
from portal.common.languages.times import date_short
from portal.patients.models import Patient
from portal.policies.models import PolicySettings
from portal.resources.models import BlogPost, Resource
from portal.web.manager.filters import NOUNS
from portal.web.manager.trail_entries import label_words, with_names
from portal.web.manager.trail_facts import FactReader, spaced
from portal.web.manager.trail_words import FACTS, UNSAID, UNSAID_OF, VERBS
from portal.website.models import CrisisLine, SiteText
from tests import make
from tests.billing.conftest import Books

pytestmark = pytest.mark.django_db

TRAIL = "/manage/trail/"


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER, first_name="Kim", last_name="Boss")


def verbs(response):
    return [row.record.verb for row in response.context["table"].page.object_list]


def at(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_it_says_who_did_what_to_whom(boss):
    desk = make.user(role=Role.RECEPTION, first_name="Mai", last_name="Desk")
    service = make.service()
    by = Actor(user=boss.user, role=Role.MANAGER)
    trail.record("role.granted", by=by, target=desk, role="reception", at=at(22))
    trail.record("service.changed", by=by, target=service, fields=["buffer_after", "fee"], at=at(22))
    trail.record("reminder.sent", by=Actor.system("reminders"), at=at(22))
    body = boss.get(TRAIL).content.decode()
    assert "Kim Boss" in body
    assert "Mai Desk" in body
    assert "Role given" in body
    assert f"{service.name} <span" in body
    assert "“Kept free after, minutes”, “Fee”" in body
    assert "reminders" in body
    # The clinic's clock, not Greenwich's.
    assert "11:00 am" in body


def test_facts_are_told_as_people_write_them(boss):
    trail.record(
        "payment.recorded",
        by=Actor(boss.user, Role.MANAGER),
        amount_cents=22000,
        invoice="c3f5fa37-343e-41ca-aa9e-171385110628",
        outside_hours=False,
        late=True,
        starts_at=at(24, 4),
        effective_from=at(24).date(),
        at=at(22),
    )
    [entry] = with_names(Entry.objects.filter(verb="payment.recorded"), zone="Australia/Melbourne")
    assert set(entry.told) == {
        ("Amount", "$220.00"),
        ("Invoice", "no longer kept"),
        ("Inside the cancellation window", "yes"),
        ("Begins", "24 Nov 2026, 3:00 pm"),
        ("In force from", "24 Nov 2026"),
    }


@pytest.fixture
def three(boss):
    """Three entries, on the days before, on and after 23 November in Melbourne."""
    mai = make.user(role=Role.RECEPTION, first_name="Mai", last_name="Desk")
    trail.record("patient.changed", by=Actor(mai, Role.RECEPTION), target=make.patient(), at=at(22, 12, 59))
    trail.record("service.added", by=Actor(boss.user, Role.MANAGER), target=make.service(), at=at(22, 13, 0))
    trail.record("invoice.issued", by=Actor.system("billing"), at=at(23, 13, 0))
    return mai


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["invoice.issued", "service.added", "patient.changed"]),
        ("?role=reception", ["patient.changed"]),
        ("?role=system", ["invoice.issued"]),
        ("?what=service", ["service.added"]),
        ("?since=2026-11-23", ["invoice.issued", "service.added"]),
        ("?until=2026-11-22", ["patient.changed"]),
        ("?since=2026-11-23&until=2026-11-23", ["service.added"]),
        ("?since=nonsense&role=boss&who=me&about=x&what=%00", []),
        ("?page=nonsense", ["invoice.issued", "service.added", "patient.changed"]),
        ("?page=99999999999999999999999", ["invoice.issued", "service.added", "patient.changed"]),
        ("?page=-1", ["invoice.issued", "service.added", "patient.changed"]),
        ("?until=9999-12-31", ["invoice.issued", "service.added", "patient.changed"]),
        ("?since=0001-01-01", ["invoice.issued", "service.added", "patient.changed"]),
    ],
)
def test_filters(boss, three, query, found):
    response = boss.get(TRAIL + query)
    assert response.status_code == 200
    if query.startswith("?since=nonsense"):
        assert set(response.context["filter"].form.errors) == {"since", "role", "who", "about", "what"}
    else:
        assert verbs(response) == found


def test_filters_of_people(boss, three):
    assert verbs(boss.get(f"{TRAIL}?who={three.code}")) == ["patient.changed"]
    trail.record("role.granted", by=Actor(boss.user, Role.MANAGER), target=three, role="manager", at=at(24))
    assert verbs(boss.get(f"{TRAIL}?about={three.code}")) == ["role.granted"]
    # A patient's account can't be chosen: what people in care do is not looked up by name.
    assert "who" in boss.get(f"{TRAIL}?who={make.user().code}").context["filter"].form.errors


def test_pages_as_links_and_as_fragments(boss):
    by = Actor(boss.user, Role.MANAGER)
    for n in range(120):
        trail.record("service.changed", by=by, number=n)
    page = boss.get(TRAIL)
    assert [row.record.facts["number"] for row in page.context["table"].page.object_list] == list(range(119, 69, -1))
    body = page.content.decode()
    assert 'href="?page=2"' in body
    assert 'data-hx-get="?page=2"' in body
    third = boss.get(TRAIL + "?page=3", headers={"hx-request": "true", "hx-target": "results"})
    assert len(third.context["table"].page.object_list) == 20
    assert third.content.decode().strip().startswith('<div id="results"')
    assert "page=4" not in third.content.decode()
    assert set(third.headers["Vary"].split(", ")) >= {"HX-Request", "HX-Target"}


def test_rows_are_not_counted(boss):
    with CaptureQueriesContext(connection) as queries:
        boss.get(TRAIL)
    assert not [q["sql"] for q in queries if "COUNT(" in q["sql"] and "audit_entry" in q["sql"]]


def test_names_are_looked_up_not_kept(boss):
    boss.user.first_name = "Renamed"
    boss.user.save(update_fields=["first_name"])
    trail.record("service.changed", by=Actor(boss.user, Role.MANAGER))
    [entry] = with_names(Entry.objects.all(), zone="Australia/Melbourne")
    assert entry.who == "Renamed Boss"


def test_rows_are_told_by_their_names_and_cost_the_same_at_1_and_at_30(boss, django_assert_num_queries):
    by = Actor(boss.user, Role.MANAGER)
    facts, told = [], []
    for _ in range(30):
        mai = make.psychologist()
        facts.append({"patient": make.patient().pk, "psychologist": mai.pk, "location": make.location().code})
        told.append([("Psychologist", mai.name)])
    for row in facts:
        trail.record("hold.confirmed", by=by, target=make.service(), **row)
    gone = {"patient": MOST_NUMBER, "psychologist": "nobody", "location": None, "user": [1, 2], "service": 0}
    trail.record("hold.confirmed", by=by, **gone)
    entries = list(Entry.objects.filter(verb="hold.confirmed").order_by("pk"))
    with CaptureQueriesContext(connection) as one:
        [first] = with_names(entries[:1], zone="Australia/Melbourne")
    with django_assert_num_queries(len(one)):
        everything = with_names(entries[:30], zone="Australia/Melbourne")
    names = [[(name, value) for name, value in entry.told if name == "Psychologist"] for entry in everything]
    assert names == told
    assert {name for name, value in first.told} == {"Patient", "Psychologist", "Location"}
    assert not [value for _, value in first.told if value.isdecimal()]
    assert first.about
    # Nobody reads the number of what is not there.
    [odd] = with_names(entries[30:], zone="Australia/Melbourne")
    assert dict(odd.told)["Patient"] == "no longer kept"
    assert dict(odd.told)["Location"] == "–"


def test_words():
    assert spaced("second_factor added") == "Second factor added"
    assert label_words("appointments.Appointment") == "appointment"
    assert label_words("gone.Thing") == "thing"
    assert label_words("") == ""


@pytest.mark.parametrize("about", ["home", "trail", "person"])
def test_an_entry_of_an_account_that_is_gone_still_shows(boss, about):
    Entry.objects.create(at=at(22), actor_id="424242", actor_role="reception", verb="patient.changed",
                         target_label="accounts.User", target_code=str(boss.user.code))  # fmt: skip
    args = [boss.user.code] if about == "person" else []
    body = boss.get(reverse(f"manager:{about}", args=args)).content.decode()
    assert "Somebody" in body
    assert "424242" in body


def test_things_are_called_by_names_and_numbers_and_not_by_codes(boss):
    """What a manager reads in the table itself, for each kind of thing that the trail tells of."""
    books = Books()
    session = books.session(patient=make.patient(legal_first_name="Ash", legal_last_name="Lee"))
    invoice = books.invoice_of_session(session)
    payment = books.pay(invoice, "20.00")
    text = SiteText.objects.create(key="home.title", language="vi", text="Xin chào", changed_at=at(22))
    referral = make.referral(patient=session.patient)
    post = make.post(title="Sleep and rest")
    by = Actor(boss.user, Role.MANAGER)
    for n, (target, facts) in enumerate(
        [
            (session, {"service": session.service_id}),
            (invoice, {"appointment": session.pk}),
            (payment, {"invoice": invoice.code}),
            (text, {"language": "vi"}),
            (referral, {"patient": session.patient.code}),
            (post, {"services": [str(session.service.code)]}),
        ]
    ):
        trail.record(f"thing.n{'abcdef'[n]}", by=by, target=target, at=at(23), **facts)
    rows = re.findall(r"<tr.*?</tr>", boss.get(TRAIL).content.decode(), re.DOTALL)
    said = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows if "Thing n" in row]
    assert len(said) == 6
    for words, row in zip(
        [
            ("Sleep and rest", session.service.name),
            ("Ash Lee",),
            ("Front page: The large words on top", "Vietnamese"),
            (payment.number, invoice.number),
            (invoice.number, "Ash Lee"),
            ("Ash Lee", session.service.name),
        ],
        said,
        strict=True,
    ):
        assert all(word in row for word in words), (words, row)
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|(?<!-)\b[0-9a-f]{8}\b", row), row


def test_fields_are_called_as_in_their_forms_and_nobody_reads_an_id(boss):
    clinic = make.clinic()
    at, by = timezone.now(), Actor(user=boss.user, role=Role.MANAGER)
    trail.record("clinic.changed", target=clinic, by=by, at=at, fields=["gst_registered", "payment_terms_days"])
    patient, carer = make.patient(), make.user(first_name="Dora", last_name="Lam")
    trail.record("carer.added", target=patient, by=by, at=at, carer=4711, user=carer.pk, billed=False)
    trail.record("patient.linked", target=patient, by=by, at=at, user=999_999)
    page = re.sub(r"<[^>]+>", "", boss.get(reverse("manager:trail")).content.decode())
    assert "Changed: “Registered for GST”, “" in page
    assert "Dora Lam" in page
    assert [words for words in ("gst registered", "payment terms days", "4711", "999999") if words in page] == []


def test_a_manager_signs_in_as_manager():
    make.clinic()
    user = make.user(roles=(Role.RECEPTION, Role.MANAGER))
    Client().post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    assert Entry.objects.get(verb="account.signed_in").actor_role == "manager"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "results"}])
def test_days_the_wrong_way_round_are_said_to_be_so(boss, three, headers):
    response = boss.get(f"{TRAIL}?since=2026-11-30&until=2026-11-01", headers=headers)
    assert "It is before the first day. Swap the two days." in response.content.decode()


# ---- In words --------------------------------------------------------------------------------------------------------


def told(verb, target=None, **facts):
    trail.record(verb, by=Actor.system("test"), target=target, at=at(22), **facts)
    [entry] = with_names(Entry.objects.newest_first()[:1], zone="Australia/Melbourne")
    # PostgreSQL keeps facts in an order of its own.
    return entry.words, entry.about, sorted(entry.told)


def test_a_move_is_told_from_when_to_when():
    session = make.appointment()
    moved = {"was": at(23, 4), "starts_at": at(24, 4), "mode": "video", "outside_hours": False}
    words, _about, facts = told("appointment.rescheduled", session, patient=session.patient_id, **moved)
    assert words == "Session moved"
    assert facts == [("Begins", "23 Nov 2026, 3:00 pm → 24 Nov 2026, 3:00 pm"), ("How they meet", "Video")]


def test_a_fee_is_told_from_what_to_what():
    mai, service = make.psychologist(), make.service(name="Session")
    facts = {"service": service.code, "fee_before": "220.00", "fee_after": "1240.00", "is_usual": False}
    words, about, said = told("psychologist_fee.changed", mai, **facts)
    assert (words, about) == ("Psychologist's own fee changed", mai.name)
    assert said == [("Fee, before GST", "$220.00 → $1,240.00"), ("Service", "Session")]


def test_bank_details_are_told_from_what_to_what():
    facts = {"fields": ["bank_account", "cancel_hours"], "bank_account_before": "678", "bank_account_after": "321"}
    _words, _about, said = told("clinic.changed", make.clinic(), **facts)
    assert said == [("Account number", "…678 → …321"), ("Changed", "“Free cancelling until, hours before”")]


def test_what_changed_of_a_service_is_told_from_what_to_what(boss):
    service = make.service(name="Session", fee=Decimal(220), minutes=50, phone=False)
    by = Actor(boss.user, Role.MANAGER)
    values = {"name": "Session", "fee": Decimal("1230.50"), "minutes": 55, "phone": True, "description": "For adults"}
    actions.update_service(service=service, values=values, by=by, now=at(22))
    [entry] = with_names(Entry.objects.newest_first()[:1], zone="Australia/Melbourne")
    assert sorted(entry.told) == [
        ("By phone", "no → yes"),
        ("Changed", "“Description”"),
        ("Fee, before GST", "$220.00 → $1,230.50"),
        ("Length, minutes", "50 → 55"),
    ]
    settings = make.clinic(cancel_hours=48)
    actions.update_settings(values={"cancel_hours": 24}, by=by, now=at(23))
    [entry] = with_names(Entry.objects.newest_first()[:1], zone="Australia/Melbourne")
    assert (entry.about, entry.told) == (settings.name, [("Free cancelling until, hours before", "48 → 24")])


def test_a_payment_is_told_with_how_and_when_and_a_move_of_it_from_which_invoice_to_which():
    books = Books()
    session = books.session(patient=make.patient(legal_first_name="Ash", legal_last_name="Lee"))
    invoice = books.invoice_of_session(session)
    payment = books.pay(invoice, "20.00")
    [entry] = with_names(Entry.objects.filter(verb="payment.recorded"), zone="Australia/Melbourne")
    assert dict(entry.told).items() >= {
        ("Invoice", invoice.number),
        ("How", payment.get_method_display()),
        ("Received on", date_short(payment.received_on)),
    }
    other = books.invoice_of_session(books.session(patient=session.patient))
    moved = {"invoice": other.code, "was": invoice.code, "amount_cents": 2000}
    assert told("payment.moved", payment, **moved)[2] == [
        ("Amount", "$20.00"),
        ("Before", invoice.number),
        ("Invoice", other.number),
    ]


@pytest.mark.parametrize(
    ("verb", "facts", "said"),
    [
        ("role.granted", {"role": "psychologist"}, [("Role", "Psychologist")]),
        ("role.granted", {"role": "manager", "second_manager": "none"},
         [("Role", "Practice manager"), ("Confirmed by", "nobody: there is one manager alone")]),
        ("invitation.sent", {"roles": ["reception", "manager"]}, [("Roles", "Reception, Practice manager")]),
        ("appointment.cancelled", {"reason": "mistake", "late": False}, [("Reason", "Booked by mistake")]),
        ("appointment.no_show_undone", {"reason": "came"}, [("Reason", "The patient came after all")]),
        ("patient.unlinked", {"reason": "wrong_person"}, [("Reason", "it is another person's account")]),
        ("policy.agreed", {"policy": "privacy", "number": 3}, [("Policy", "Privacy policy"), ("Version", "3")]),
        ("policy.published", {"effective_from": "2026-11-24", "ask_again": True},
         [("In force from", "24 Nov 2026"), ("Patients are asked to agree again", "yes")]),
        ("to_do.closed", {"kind": "session_stranded", "outcome": "not_away"},
         [("Kind", "The psychologist is away then"), ("How it ended", "the psychologist is there after all")]),
        ("to_do.done", {"outcome": "no_charge"}, [("How it ended", "Not to be billed: agreed with the patient")]),
        ("note.signed", {"sequence": 7, "seal": "a" * 64}, [("Number in the chain of notes", "7")]),
        ("account.page_refused", {"page": "manager:trail"}, [("Page", "manager: trail")]),
        ("account.sign_in_failed", {"asked_for": "code"}, [("Asked for", "the code of the second step")]),
        ("fee.waived", {"purpose": "late_fee"}, [("For", "Late cancellation")]),
        ("time_slot.added", {"kind": "extra"}, [("Kind", "extra hours")]),
        ("resource.added", {"kind": "docx"}, [("Kind", "Word document")]),
        ("tag.merged", {"merged": 5}, []),
    ],
)  # fmt: skip
def test_facts_in_words(verb, facts, said):
    assert told(verb, **facts)[2] == sorted(said)


def test_what_the_row_is_about_is_not_said_twice():
    session = make.appointment(patient=make.patient(legal_first_name="Ash", legal_last_name="Lee"))
    facts = {"patient": session.patient_id, "service": session.service_id}
    _words, about, said = told("appointment.booked", session, **facts)
    assert about.startswith("Ash Lee, ")
    assert said == [("Service", session.service.name)]


def recorded():
    """Every verb that the source records with the names of its facts, found by reading it."""
    found, facts = set(), set()
    for path in Path("portal").rglob("*.py"):
        if "migrations" in path.parts or path.parent.name == "audit":
            continue
        tree = ast.parse(path.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        records = [call for call in calls if ast.unparse(call.func) in {"trail.record", "trail.read"}]
        for call in records:
            facts |= {word.arg for word in call.keywords if word.arg} - {"by", "target", "at"}
        if not records:
            continue
        # Verbs that are chosen before they are recorded stand in the same file, as a constant or in a table.
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        found |= {word for word in words if re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", word)}
    made = {
        *(f"to_do.{deed}" for deed in ("raised", "acknowledged", "put_back", "done", "closed")),
        *(f"notice.{deed}" for deed in ("sent_again", "arrived")),
        *(
            "note.read",
            "report.read",
            "measure.read",
            "measures.read",
            "alert.read",
            "referral_letter.read",
            "resource.read",
            "thread.read",
            "specialisation.removed",
            "language.removed",
        ),
        *("account.password_changed", "account.email_changed", "account.recovery_codes_renewed"),
        *("account.second_factor_added", "account.second_factor_removed"),
    }
    labels = {model._meta.label_lower for model in apps.get_models()}
    nouns = {verb.partition(".")[0] for verb in VERBS}
    return {verb for verb in found if verb.partition(".")[0] in nouns and verb not in labels} | made, facts


def test_every_verb_and_every_fact_that_is_recorded_has_words():
    verbs, facts = recorded()
    assert len(verbs) > 100
    assert {"appointment.booked", "carer.files_opened", "appointment.no_show", "provider_number.removed"} <= verbs
    assert verbs - VERBS.keys() == set()
    assert VERBS.keys() - verbs == set(), "nothing records these any more"
    unsaid = UNSAID.union(*UNSAID_OF.values())
    changes = {"fee_before", "fee_after"}
    assert facts - FACTS.keys() - unsaid - changes - {"fields"} == set()


def test_everything_that_is_recorded_can_be_asked_for():
    assert {verb.partition(".")[0] for verb in VERBS} == {noun for noun, _words in NOUNS}


def test_every_field_that_may_change_has_words():
    """What a form changes is recorded by the names of columns: each has words that a manager can read."""
    models = (
        ClinicSettings,
        Location,
        Room,
        Service,
        Psychologist,
        Patient,
        PolicySettings,
        CrisisLine,
        BlogPost,
        Resource,
        User,
    )
    odd = {}
    for model in models:
        columns = [*model._meta.concrete_fields, *model._meta.many_to_many]
        names = [column.name for column in columns if column.name not in {"id", "code", "user"}]
        said = FactReader("x.changed", model, "Australia/Melbourne").words("fields", names)
        odd[model] = [words for words in re.findall("“(.*?)”", said) if not words[:1].isupper() or "_" in words]
    assert not any(odd.values()), odd
