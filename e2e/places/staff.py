"""The pages of the practice, the front desk and the manager."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.life import MANAGER, PSYCHOLOGIST, RECEPTION, Life
from e2e.places.making import at, by, open_at
from portal.appointments.models import Appointment, Status
from tests import make

# ---- The practice ----------------------------------------------------------------------------------------------------

at("practice today", PSYCHOLOGIST, "/practice/")
at("practice to do", PSYCHOLOGIST, "/practice/to-do/")
at("own stranded sessions", PSYCHOLOGIST, "/practice/stranded/")
at("practice calendar", PSYCHOLOGIST, "/practice/calendar/")
at("practice month", PSYCHOLOGIST, "/practice/calendar/?view=month")
at("practice agenda", PSYCHOLOGIST, "/practice/calendar/?view=agenda")
at("repeat a session in practice", PSYCHOLOGIST, "/practice/sessions/{life.upcoming.code}/repeat/")
at("practice session", PSYCHOLOGIST, "/practice/sessions/{life.upcoming.code}/")
at("video room, before it opens", PSYCHOLOGIST, "/practice/sessions/{life.upcoming.code}/video/")
at("practice patients", PSYCHOLOGIST, "/practice/patients/")
at("practice patient", PSYCHOLOGIST, "/practice/patients/{life.patient.code}/")
at("share a file", PSYCHOLOGIST, "/practice/patients/{life.patient.code}/share/")
at("practice files", PSYCHOLOGIST, "/practice/resources/")
at("notes to sign", PSYCHOLOGIST, "/practice/notes/")
at("note not begun", PSYCHOLOGIST, "/practice/notes/{life.unwritten.code}/")
at("note being written", PSYCHOLOGIST, "/practice/notes/{life.drafted.code}/")
at("sign a note", PSYCHOLOGIST, "/practice/notes/{life.drafted.code}/sign/")
at("signed note", PSYCHOLOGIST, "/practice/notes/{life.signed.code}/")
at("measures", PSYCHOLOGIST, "/practice/patients/{life.patient.code}/measures/")
at("answered measure", PSYCHOLOGIST, "/practice/measures/{life.answered.code}/")
at("measure on paper", PSYCHOLOGIST, "/practice/patients/{life.patient.code}/measures/paper/d/")
at("answers to look at", PSYCHOLOGIST, "/practice/alerts/{life.alert.code}/")
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
    open_at(page, f"/reception/waitlist/fits/?time={nine:%Y-%m-%dT%H:%MZ}+brunswick+{life.psychologist.slug}")
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
    open_at(page, f"/reception/appointments/{asked.code}/answer/")


@by("register a patient with errors", RECEPTION)
def _(page: Page, life: Life) -> None:
    open_at(page, "/reception/patients/new/")
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
