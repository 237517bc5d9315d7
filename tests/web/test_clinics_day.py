"""The clinic's calendar is the only one: in Perth it is Sunday evening when Melbourne, and the server, have Monday.

Each is tried at the door that people use, at one moment: 21:30 on Sunday 22 November 2026 in Perth, 00:30 on Monday the
23rd in Melbourne, which is the server's own zone here.
"""

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from portal.accounts.adapter import AccountAdapter
from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing.models import Invoice, Payment
from portal.common.access.actors import Actor
from portal.medicare.models import Referral
from portal.notifications.models import Notice
from portal.policies import publishing
from portal.policies.models import PolicyKind
from portal.resources.models import DownloadCount
from portal.website.models import CrisisLine
from tests import make

NOW = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)
SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)
PERTH = "Australia/Perth"
BY = Actor.system("tests")


@pytest.fixture(autouse=True)
def perth(db):
    assert settings.TIME_ZONE == "Australia/Melbourne"
    with time_machine.travel(NOW, tick=False):
        yield make.clinic(time_zone=PERTH, payment_terms_days=7)


@pytest.fixture
def session():
    """One that has just ended, whose patient is at the desk."""
    place = make.location(time_zone=PERTH, state="WA")
    psychologist = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST))
    make.week(psychologist=psychologist, location=place)
    return make.appointment(
        psychologist=psychologist, location=place, starts_at=NOW - timedelta(hours=1), status=Status.ARRIVED
    )


def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def manager():
    return make.signed_in_client(role=Role.MANAGER)


def checked_out(session, *, method="card"):
    page = reverse("reception:check_out", args=[session.code])
    client = desk()
    form = client.get(page).context["form"]
    sent = {name: field.value() or "" for name, field in ((field.name, field) for field in form)}
    amount = sent["proposed_for"] if method == "card" else ""
    response = client.post(page, sent | {"key": str(uuid.uuid4()), "amount": amount, "method": method})
    assert response.status_code == 302, response.context["form"].errors
    return Invoice.objects.get()


def test_an_invoice_and_its_receipt_are_dated_here(session):
    invoice = checked_out(session)
    assert (invoice.issued_on, invoice.due_on) == (SUNDAY, date(2026, 11, 29))
    assert Payment.objects.get().received_on == SUNDAY


@pytest.mark.parametrize(("days", "is_overdue"), [(0, False), (1, True)])
def test_what_is_due_today_is_not_overdue(session, days, is_overdue):
    make.clinic(payment_terms_days=0)
    session.patient.user = make.user()
    session.patient.save(update_fields=["user"])
    assert checked_out(session, method="later").due_on == SUNDAY
    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        at_the_desk = desk().get(reverse("reception:invoices"), {"standing": "overdue"})
        at_home = make.client_for(session.patient.user).get(reverse("patient:invoices"))
    assert (session.patient.name in at_the_desk.content.decode()) is is_overdue
    assert ("overdue" in at_home.content.decode().lower()) is is_overdue


def test_the_desk_opens_on_the_day_here(session):
    # The first page of a process draws the patterns of its rows, and what is read here would be theirs.
    desk().get(reverse("reception:today"))
    response = desk().get(reverse("reception:today"))
    assert (response.context["day"], response.context["is_today"]) == (SUNDAY, True)
    assert session.patient.name in response.content.decode()
    calendar = desk().get(reverse("reception:calendar"))
    assert (calendar.context["asked"].day, calendar.context["shows_today"]) == (SUNDAY, True)


def test_a_psychologist_opens_on_the_day_here(session):
    client = make.client_for(session.psychologist.user)
    response = client.get(reverse("psychologist:today"))
    assert (response.context["day"], response.context["is_today"]) == (SUNDAY, True)


@pytest.mark.parametrize(("written_on", "is_kept"), [(SUNDAY, True), (MONDAY, False)])
def test_a_referral_is_not_of_tomorrow(session, written_on, is_kept):
    page = reverse("reception:add_referral", args=[session.patient.code])
    client = desk()
    form = client.get(page).context["form"]
    sent = {field.name: field.value() or "" for field in form} | {
        "written_on": written_on.isoformat(), "referrer_name": "Dr Priya Raman", "referrer_provider_number": "2429581T",
        "services": "6",
    }  # fmt: skip
    client.post(page, sent)
    assert Referral.objects.filter(written_on=written_on).exists() is is_kept


@pytest.mark.parametrize(("born", "is_kept"), [(SUNDAY, True), (MONDAY, False)])
def test_nobody_is_born_tomorrow(born, is_kept):
    client, page = desk(), reverse("reception:new_patient")
    form = client.get(page).context["form"]
    sent = {field.name: field.value() or "" for field in form} | {
        "legal_first_name": "Mai", "legal_last_name": "Nguyen", "date_of_birth": born.isoformat(),
    }  # fmt: skip
    response = client.post(page, sent)
    said = response.context["form"].errors.get("date_of_birth", []) if response.context else []
    assert (said == []) is is_kept


@pytest.mark.parametrize(("hours", "has_run_out"), [(0, False), (3, True)])
def test_a_medicare_card_runs_out_when_its_month_ends_here(hours, has_run_out):
    """In Perth on the last evening of November; in Melbourne it is December already."""
    patient = make.patient(user=make.user(), medicare_number="2951634061", medicare_irn="1")
    last_evening = datetime(2026, 11, 30, 13, 30, tzinfo=UTC)
    with time_machine.travel(last_evening + timedelta(hours=hours), tick=False):
        client, page = make.client_for(patient.user), reverse("patient:edit_details", args=[patient.code])
        form = client.get(page).context["form"]
        sent = {field.name: field.value() or "" for field in form} | {
            "medicare_expires": "11/2026",
            "medicare_irn": "x",
        }
        warned = dict(client.post(page, sent).context["form"].warnings)
    assert ("medicare_expires" in warned) is has_run_out


def test_a_policy_of_tomorrow_is_not_in_force():
    for kind in PolicyKind:
        publishing.publish(kind=kind, effective_from=SUNDAY, by=BY, now=NOW)
    publishing.publish(kind=PolicyKind.PRIVACY, effective_from=MONDAY, changes="x", by=BY, now=NOW)
    client = make.signed_in_client()
    assert client.get(reverse("public:privacy")).context["version"].day == SUNDAY.isoformat()
    asked = client.get(reverse("patient:privacy")).content.decode()
    assert MONDAY.isoformat() not in asked


def test_the_first_policies_hold_from_today():
    publishing.publish_first(by=BY, now=NOW)
    assert publishing.read(PolicyKind.FEES, now=NOW).version.effective_from == SUNDAY


def test_a_crisis_line_is_checked_today():
    line = CrisisLine.objects.first()
    client = manager()
    client.post(reverse("manager:change_crisis_line", args=[line.code]), {"do": "checked"})
    line.refresh_from_db()
    assert line.checked_on == SUNDAY


def test_free_times_open_on_this_week(session):
    """There is a time on no Sunday, so the page opens on the next week, and leads back to this one."""
    page = reverse("public:times", args=[session.service.slug])
    assert make.signed_in_client().get(page, {"week": "2026-11-16"}).context["week"].previous is None


def test_search_engines_and_readers_are_told_the_hour_and_day_here():
    post = make.post(title="Walking", published_at=NOW - timedelta(minutes=30))
    page = make.signed_in_client().get(reverse("public:post", args=[post.slug])).content.decode()
    assert '"datePublished": "2026-11-22T21:00:00+08:00"' in page.replace('":"', '": "')
    assert re.search(r"<time[^>]*>22 Nov 2026</time>", page)


def test_a_download_is_counted_today():
    resource = make.resource()
    assert b"".join(make.signed_in_client().get(reverse("public:download", args=[resource.slug])).streaming_content)
    assert [row.day for row in DownloadCount.objects.all()] == [SUNDAY]


def test_a_mail_about_the_account_says_when_it_was_here():
    user = make.user()
    AccountAdapter().send_mail(
        "account/email/password_changed",
        user.email,
        {"user": user, "timestamp": NOW, "user_agent": "", "ip": "203.0.113.9"},
    )
    notice = Notice.objects.get()
    assert "Sunday 22 November 2026, 9:30 pm" in notice.text
    assert "Sunday 22 November 2026, 9:30 pm" in notice.html
