"""Every page of the main journey, each with what it takes to stand on it: whose browser, which presses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import week_after
from e2e.life import MANAGER, NEWCOMER, PATIENT, PSYCHOLOGIST, RECEPTION, VISITOR, Life
from portal.appointments.models import Appointment, Status
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.journeys import booking, choosing
from tests import make


@dataclass(frozen=True)
class Place:
    name: str
    who: str
    go: Callable[[Page, Life], None]
    # Where it is, if its address is all that is needed to get there.
    path: str = ""

    def in_language(self, code: str) -> Place:
        """The same page in another language: for those that readers and patients see."""
        return replace(self, name=f"{self.name} in {code}", go=lambda page, life: _open(page, self.path_in(code, life)))

    def path_in(self, code: str, life: Life) -> str:
        return f"/{code}{self.path.format(life=life)}"

    def __str__(self) -> str:
        return self.name


PLACES: list[Place] = []


def at(name: str, who: str, path: str) -> None:
    """A page that only its address is needed for; the address may name what is in the `life`."""
    PLACES.append(Place(name, who, lambda page, life: _open(page, path.format(life=life)), path))


def by(name: str, who: str):
    """A page that something has to be done for first."""

    def add(go: Callable[[Page, Life], None]):
        PLACES.append(Place(name, who, go))
        return go

    return add


def _open(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state()
    assert urlsplit(page.url).path == path.partition("?")[0], f"{path} led to {page.url}"


def open_times(page: Page) -> None:
    """Next week's free times: this week's may be over."""
    _open(page, "/book/session/?psychologist=anh-le")
    week_after(page)
    expect(page.locator("button.time").first).to_be_visible()


def hold_a_time(page: Page) -> None:
    open_times(page)
    page.locator("button.time").first.click()
    page.wait_for_url("**/confirm/")
    page.wait_for_load_state()


def press_and_wait(page: Page, button: str, sign: str) -> None:
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    expect(page.locator(sign).first).to_be_visible()


# ---- Before one has an account ---------------------------------------------------------------------------------------

at("home", VISITOR, "/")
at("services", VISITOR, "/services/")
at("fees", VISITOR, "/fees/")
at("privacy", VISITOR, "/privacy/")
at("psychologists", VISITOR, "/psychologists/")
at("psychologists, none found", VISITOR, "/psychologists/?language=xx&topic=xx&q=nobody")
at("psychologists, filtered", VISITOR, "/psychologists/?language=ar&soon=yes")
at("profile", VISITOR, "/psychologists/mai-nguyen/")
at("profile in two places", VISITOR, "/psychologists/leila-haddad/?mode=video")
at("crisis page", VISITOR, "/crisis/")
at("accessibility statement", VISITOR, "/accessibility/")
at("book", VISITOR, "/book/")
at("times, an empty week", VISITOR, "/book/session/?psychologist=anh-le&week=2020-01-06")
at("wait for a time", VISITOR, "/book/session/wait/?psychologist=anh-le")
at("sign-up", VISITOR, "/accounts/signup/")
at("sign-in", VISITOR, "/accounts/login/")
at("password forgotten", VISITOR, "/accounts/password/reset/")
at("resources", VISITOR, "/resources/")
at("resources, none found", VISITOR, "/resources/?q=nothing-of-this-name")
at("resource", VISITOR, "/resources/{life.handout.slug}/")
at("blog", VISITOR, "/blog/")
at("blog, found", VISITOR, "/blog/?q=worry")
at("blog, nothing found", VISITOR, "/blog/?q=nothing-of-this-name")
at("blog category", VISITOR, "/blog/category/{life.article.category.slug}/")
at("article", VISITOR, "/blog/{life.article.slug}/")
at("draft by its link", VISITOR, "/blog/preview/{life.draft.preview_token}/")
at("not found", VISITOR, "/no-such-page/")


@by("an older policy", VISITOR)
def _(page: Page, life: Life) -> None:
    _open(page, "/fees/")
    page.locator(".versions a").last.click()
    expect(page.get_by_text("It no longer holds.")).to_be_visible()


@by("times", VISITOR)
def _(page: Page, life: Life) -> None:
    open_times(page)


@by("times, one just taken", VISITOR)
def _(page: Page, life: Life) -> None:
    open_times(page)
    wanted = page.locator("button.time").first
    starts_at, location = choosing.read_time(str(wanted.get_attribute("value")))
    booking.hold_time(
        psychologists=[life.psychologist],
        service=life.service,
        mode=Mode.IN_PERSON,
        starts_at=starts_at,
        location=location,
        by=Actor.system("another visitor"),
        now=timezone.now(),
    )
    wanted.click()
    expect(page.locator("#just-taken")).to_be_visible()


@by("time held, signed out", VISITOR)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)


@by("sign-up with errors", VISITOR)
def _(page: Page, life: Life) -> None:
    _open(page, "/accounts/signup/")
    page.locator("main form").last.evaluate("form => form.requestSubmit()")
    expect(page.locator(".error-summary, .has-error").first).to_be_visible()


@by("sign-in with errors", VISITOR)
def _(page: Page, life: Life) -> None:
    _open(page, "/accounts/login/")
    page.locator("main input[type=email]").fill("nobody@example.com")
    page.locator("main input[type=password]").fill("not the password")
    page.locator("main input[type=password]").press("Enter")
    expect(page.locator(".error-summary, .has-error").first).to_be_visible()


@by("code", VISITOR)
def _(page: Page, life: Life) -> None:
    _open(page, "/accounts/signup/")
    page.get_by_label("First name").fill("Thuỳ")
    page.locator("main input[type=email]").fill(f"thuy-{uuid.uuid4().hex[:8]}@example.com")
    page.locator("main input[type=password]").fill("a quiet hour on tuesdays")
    page.locator("main input[type=password]").press("Enter")
    expect(page.get_by_label("Code")).to_be_visible()
    page.wait_for_load_state()


@by("a time that is offered", VISITOR)
def _(page: Page, life: Life) -> None:
    page.goto(life.offered)
    expect(page.get_by_role("heading", name="A time for you")).to_be_visible()


@by("the answer to a reminder", VISITOR)
def _(page: Page, life: Life) -> None:
    page.goto(life.reminded)
    expect(page.get_by_role("heading", name="Will you be there?")).to_be_visible()


# ---- Confirming ------------------------------------------------------------------------------------------------------


@by("confirm", NEWCOMER)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)


@by("confirm with errors", NEWCOMER)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)
    page.get_by_label("Phone").fill("12")
    press_and_wait(page, "Confirm", ".has-error")


@by("confirm for somebody known", PATIENT)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)


@by("confirm what another tab changed", NEWCOMER)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)
    # As a second tab does, whose answer never comes back to this one.
    page.request.post(
        "/book/session/",
        form={
            "csrfmiddlewaretoken": page.locator("[name=csrfmiddlewaretoken]").first.input_value(),
            "psychologist": "anh-le",
            "mode": "video",
            "time": page.locator("[name=chosen]").input_value().rsplit(" ", 2)[0],
        },
        headers={"Referer": page.url},
    )
    press_and_wait(page, "Confirm", "#not-as-shown")


@by("times while one is held", VISITOR)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)
    _open(page, "/book/session/?psychologist=any")
    expect(page.locator("aside.hold")).to_be_visible()


@by("move my appointment, asked", PATIENT)
def _(page: Page, life: Life) -> None:
    _open(page, f"/my/appointments/{life.upcoming.code}/reschedule/")
    page.locator("button.time").first.click()
    expect(page.get_by_role("heading", name="Move this session?")).to_be_visible()


@by("hold ran out", NEWCOMER)
def _(page: Page, life: Life) -> None:
    hold_a_time(page)
    held = Appointment.objects.filter(psychologist=life.psychologist, status=Status.HELD)
    held.update(held_until=timezone.now() - timedelta(seconds=1))
    page.reload()
    expect(page.get_by_role("heading", name="The time held for you ran out")).to_be_visible()


# ---- A patient's own -------------------------------------------------------------------------------------------------

at("newcomer's home", NEWCOMER, "/my/")
at("newcomer's details", NEWCOMER, "/my/details/")
at("my home", PATIENT, "/my/")
at("my appointments", PATIENT, "/my/appointments/")
at("my appointment", PATIENT, "/my/appointments/{life.upcoming.code}/")
at("cancel my appointment", PATIENT, "/my/appointments/{life.upcoming.code}/cancel/")
at("move my appointment", PATIENT, "/my/appointments/{life.upcoming.code}/reschedule/")
at("repeat my appointment", PATIENT, "/my/appointments/{life.upcoming.code}/repeat/")
at("my waitlist", PATIENT, "/my/waitlist/")
at("join the waitlist", PATIENT, "/my/waitlist/join/")
at("join the waitlist as somebody new", NEWCOMER, "/my/waitlist/join/?service=session&psychologist=anh-le")
at("what I wait for", PATIENT, "/my/waitlist/{life.waiting.code}/")
at("my calendar addresses", PATIENT, "/my/calendar/")
at("my details", PATIENT, "/my/details/")
at("my privacy", PATIENT, "/my/privacy/")
at("change my details", PATIENT, "/my/details/{life.patient.code}/")
at("my invoices", PATIENT, "/my/invoices/")
at("my cards", PATIENT, "/my/cards/")
at("my invoice", PATIENT, "/my/invoices/{life.owing.number}/")
at("my messages", PATIENT, "/my/messages/")
at("no messages yet", NEWCOMER, "/my/messages/")
at("new message", PATIENT, "/my/messages/new/")
at("my conversation", PATIENT, "/my/messages/{life.conversation.code}/")
at("practice messages", PSYCHOLOGIST, "/practice/messages/")
at("practice conversation", PSYCHOLOGIST, "/practice/messages/{life.conversation.code}/")
at("desk messages", RECEPTION, "/reception/messages/")
at("desk conversation", RECEPTION, "/reception/messages/{life.asked_the_desk.code}/")
at("desk message to a patient", RECEPTION, "/reception/patients/{life.patient.code}/message/")
at("desk reply templates", RECEPTION, "/reception/messages/templates/")
at("my documents", PATIENT, "/my/documents/")
at("no documents yet", NEWCOMER, "/my/documents/")
at("my e-mail address", PATIENT, "/accounts/email/")
at("my password", PATIENT, "/accounts/password/change/")
at("my second step", PATIENT, "/accounts/2fa/")
at("my devices", PATIENT, "/accounts/sessions/")

# ---- The practice ----------------------------------------------------------------------------------------------------

at("practice today", PSYCHOLOGIST, "/practice/")
at("practice to do", PSYCHOLOGIST, "/practice/to-do/")
at("own stranded sessions", PSYCHOLOGIST, "/practice/stranded/")
at("practice calendar", PSYCHOLOGIST, "/practice/calendar/")
at("practice month", PSYCHOLOGIST, "/practice/calendar/?view=month")
at("practice agenda", PSYCHOLOGIST, "/practice/calendar/?view=agenda")
at("repeat a session in practice", PSYCHOLOGIST, "/practice/sessions/{life.upcoming.code}/repeat/")
at("practice session", PSYCHOLOGIST, "/practice/sessions/{life.upcoming.code}/")
at("practice patients", PSYCHOLOGIST, "/practice/patients/")
at("practice patient", PSYCHOLOGIST, "/practice/patients/{life.patient.code}/")
at("share a file", PSYCHOLOGIST, "/practice/patients/{life.patient.code}/share/")
at("practice files", PSYCHOLOGIST, "/practice/resources/")
at("notes to sign", PSYCHOLOGIST, "/practice/notes/")
at("note not begun", PSYCHOLOGIST, "/practice/notes/{life.unwritten.code}/")
at("note being written", PSYCHOLOGIST, "/practice/notes/{life.drafted.code}/")
at("sign a note", PSYCHOLOGIST, "/practice/notes/{life.drafted.code}/sign/")
at("signed note", PSYCHOLOGIST, "/practice/notes/{life.signed.code}/")
at("my calendar address", PSYCHOLOGIST, "/practice/calendar/address/")
at("busy elsewhere", PSYCHOLOGIST, "/practice/hours/elsewhere/")
at("hours", PSYCHOLOGIST, "/practice/hours/")
at("articles", PSYCHOLOGIST, "/practice/articles/")
at("articles, none found", PSYCHOLOGIST, "/practice/articles/?state=due&q=nothing-of-this-name")
at("write an article", PSYCHOLOGIST, "/practice/articles/new/")
at("article being written", PSYCHOLOGIST, "/practice/articles/{life.draft.code}/")
at("article that is published", PSYCHOLOGIST, "/practice/articles/{life.article.code}/")
at("article's address", PSYCHOLOGIST, "/practice/articles/{life.article.code}/address/")
at("my profile", PSYCHOLOGIST, "/practice/profile/")
at("a referral as its psychologist sees it", PSYCHOLOGIST, "/practice/referrals/{life.referral.code}/")
at("reports to referrers", PSYCHOLOGIST, "/practice/reports/")
at("my profile as readers see it", PSYCHOLOGIST, "/practice/profile/preview/")
at("own earnings", PSYCHOLOGIST, "/practice/earnings/")

# ---- The front desk --------------------------------------------------------------------------------------------------

at("reception today", RECEPTION, "/reception/")
at("reception to do", RECEPTION, "/reception/to-do/")
at("an e-mail that did not arrive", RECEPTION, "/reception/mail/{life.undelivered.code}/")
at("reception calendar", RECEPTION, "/reception/calendar/")
at("reception week", RECEPTION, "/reception/calendar/?view=week")
at("reception month", RECEPTION, "/reception/calendar/?view=month")
at("reception agenda", RECEPTION, "/reception/calendar/?view=agenda")
at("reception day by rooms", RECEPTION, "/reception/calendar/?view=day&by=rooms")
at("hours on behalf", RECEPTION, "/reception/hours/anh-le/")
at("somebody away today", RECEPTION, "/reception/away/")
at("leave and closed days", RECEPTION, "/reception/time-off/")
at("waitlist", RECEPTION, "/reception/waitlist/")
at("offers from the waitlist", RECEPTION, "/reception/waitlist/offers/")
at("what somebody waits for", RECEPTION, "/reception/waitlist/{life.waiting.code}/")
at("add to the waitlist", RECEPTION, "/reception/waitlist/join/{life.patient.code}/")
at("stranded sessions", RECEPTION, "/reception/stranded/")
at("reception patients", RECEPTION, "/reception/patients/")
at("patients found", RECEPTION, "/reception/patients/?q=carvalho")
at("reception patient", RECEPTION, "/reception/patients/{life.patient.code}/")
at("change a patient's details", RECEPTION, "/reception/patients/{life.patient.code}/edit/")
at("add a referral", RECEPTION, "/reception/patients/{life.patient.code}/referral/")
at("a referral", RECEPTION, "/reception/referrals/{life.referral.code}/")
at("correct a referral", RECEPTION, "/reception/referrals/{life.referral.code}/correct/")
at("take a referral off file", RECEPTION, "/reception/referrals/{life.referral.code}/take-off/")
at("put a letter on file", RECEPTION, "/reception/referrals/{life.referral.code}/letter/")
at("check a letter", RECEPTION, "/reception/referrals/{life.referral.code}/check/")
at("referrers", RECEPTION, "/reception/referrers/")
at("add a referrer", RECEPTION, "/reception/referrers/new/")
at("a referrer", RECEPTION, "/reception/referrers/{life.referrer.code}/")
at("a referral by somebody of the register", RECEPTION, "/reception/patients/{life.patient.code}/referral/?q=wong")
at("sessions elsewhere", RECEPTION, "/reception/patients/{life.patient.code}/used-elsewhere/")
at("register a patient", RECEPTION, "/reception/patients/new/")
at("take a payment", RECEPTION, "/reception/patients/{life.owing.patient.code}/pay/")
at("give an account back", RECEPTION, "/reception/patients/{life.patient.code}/refund/")
at("correct a payment", RECEPTION, "/reception/invoices/{life.paid.number}/correct/{life.payment.number}/")
at("write an invoice off", RECEPTION, "/reception/invoices/{life.owing.number}/write-off/")
at("book for a patient", RECEPTION, "/reception/patients/{life.patient.code}/book/")
at("session", RECEPTION, "/reception/appointments/{life.upcoming.code}/")
at("move a session", RECEPTION, "/reception/appointments/{life.upcoming.code}/reschedule/")
at("repeat a session", RECEPTION, "/reception/appointments/{life.upcoming.code}/repeat/")
at("cancel a session", RECEPTION, "/reception/appointments/{life.upcoming.code}/cancel/")
at("undo a check-in", RECEPTION, "/reception/appointments/{life.arrived.code}/arrive/undo/")
at("check out", RECEPTION, "/reception/appointments/{life.arrived.code}/check-out/")
at("checked out", RECEPTION, "/reception/appointments/{life.drafted.code}/checked-out/")
at("close the day", RECEPTION, "/reception/close/")
at("many invoices at once", RECEPTION, "/reception/invoices/together/")
at("saved views", RECEPTION, "/reception/invoices/views/?standing=overdue")
at("sessions to invoice", RECEPTION, "/reception/invoices/run/")
at("who owes", RECEPTION, "/reception/debtors/")
at("payment plan", RECEPTION, "/reception/owing/patients/{life.patient.code}/plan/")
at("do not remind", RECEPTION, "/reception/owing/patients/{life.patient.code}/no-reminders/")
at("invoices", RECEPTION, "/reception/invoices/")
at("invoice owing", RECEPTION, "/reception/invoices/{life.owing.number}/")
at("invoice paid", RECEPTION, "/reception/invoices/{life.paid.number}/")
at("give money back", RECEPTION, "/reception/invoices/{life.paid.number}/refund/{life.payment.number}/")
at("void an invoice", RECEPTION, "/reception/invoices/{life.owing.number}/void/")
at("claims", RECEPTION, "/reception/claims/")
at("claim", RECEPTION, "/reception/claims/{life.claim.code}/")
at("not allowed", RECEPTION, "/practice/notes/{life.signed.code}/")


@by("who waits for a time", RECEPTION)
def _(page: Page, life: Life) -> None:
    # As the calendar's empty half hours lead there: tomorrow at nine, which they all would take.
    day = timezone.now().astimezone(life.upcoming.zone) + timedelta(days=1)
    nine = day.replace(hour=9, minute=0).astimezone(UTC)
    _open(page, f"/reception/waitlist/fits/?time={nine:%Y-%m-%dT%H:%MZ}+brunswick+{life.psychologist.slug}")
    expect(page.get_by_role("heading", name="Who waits for this time")).to_be_visible()


@by("answer a request", RECEPTION)
def _(page: Page, life: Life) -> None:
    asked = Appointment.objects.filter(patient=life.patient, status=Status.REQUESTED).first()
    if asked is None:
        # Later than all that other places look at.
        starts_at = life.upcoming.starts_at + timedelta(days=40)
        asked = make.appointment(
            patient=life.patient,
            psychologist=life.psychologist,
            service=life.service,
            location=life.upcoming.location,
            starts_at=starts_at,
            status=Status.REQUESTED,
            answer_by=timezone.now() + timedelta(days=20),
        )
    _open(page, f"/reception/appointments/{asked.code}/answer/")


@by("register a patient with errors", RECEPTION)
def _(page: Page, life: Life) -> None:
    _open(page, "/reception/patients/new/")
    page.get_by_label("Phone").first.fill("12")
    page.get_by_label("Phone").first.press("Enter")
    expect(page.locator(".has-error").first).to_be_visible()


# ---- The manager -----------------------------------------------------------------------------------------------------

at("manager's home", MANAGER, "/manage/")
at("manager's to do", MANAGER, "/manage/to-do/")
at("settings", MANAGER, "/manage/settings/")
at("manager's services", MANAGER, "/manage/services/")
at("add a service", MANAGER, "/manage/services/new/")
at("service", MANAGER, "/manage/services/{life.service.code}/")
at("locations", MANAGER, "/manage/locations/")
at("location", MANAGER, "/manage/locations/{life.upcoming.location.code}/")
at("staff", MANAGER, "/manage/staff/")
at("invite", MANAGER, "/manage/staff/invite/")
at("member of staff", MANAGER, "/manage/staff/{life.psychologist.user.code}/")
at("public profile", MANAGER, "/manage/staff/{life.psychologist.user.code}/profile/")
at("all articles", MANAGER, "/manage/articles/")
at("categories and tags", MANAGER, "/manage/articles/shelves/")
at("category", MANAGER, "/manage/articles/shelves/categories/{life.article.category.code}/")
at("files", MANAGER, "/manage/resources/")
at("add a file", MANAGER, "/manage/resources/new/")
at("file", MANAGER, "/manage/resources/{life.handout.code}/")
at("mail", MANAGER, "/manage/mail/")
at("queue", MANAGER, "/manage/queue/")
at("reports", MANAGER, "/manage/reports/")
at("gst of a quarter", MANAGER, "/manage/reports/gst/")
at("remuneration", MANAGER, "/manage/reports/remuneration/")
at("remuneration of one", MANAGER, "/manage/reports/remuneration/{life.psychologist.slug}/")
at("Medicare's fees", MANAGER, "/manage/medicare/")
at("write down limits", MANAGER, "/manage/medicare/limits/")
at("policies", MANAGER, "/manage/policies/")
at("publish a policy", MANAGER, "/manage/policies/fees/")
at("payment reminders", MANAGER, "/manage/settings/payment-reminders/")
at("what the policies say", MANAGER, "/manage/policies/settings/")
at("trail", MANAGER, "/manage/trail/")
at("website's words", MANAGER, "/manage/texts/")
at("website's words in Arabic", MANAGER, "/manage/texts/?language=ar")
at("one of the website's words", MANAGER, "/manage/texts/home.questions/")
at("notices", MANAGER, "/manage/wording/")
at("notices in Arabic", MANAGER, "/manage/wording/?language=ar")
at("words of a notice", MANAGER, "/manage/wording/appointment_reminder/en-au/")
at("words of a notice in Arabic", MANAGER, "/manage/wording/waitlist_offer/ar/")
at("crisis lines", MANAGER, "/manage/crisis-lines/")
at("add a crisis line", MANAGER, "/manage/crisis-lines/new/")
at("components", MANAGER, "/manage/components/")
