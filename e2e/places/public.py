"""The pages of visitors, and of patients."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.life import NEWCOMER, PATIENT, PSYCHOLOGIST, RECEPTION, VISITOR, Life
from e2e.places.making import at, by, hold_a_time, open_at, open_times, press_and_wait
from portal.appointments.models import Appointment, Status
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.journeys import booking, choosing

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
    open_at(page, "/fees/")
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
    open_at(page, "/accounts/signup/")
    page.locator("main form").last.evaluate("form => form.requestSubmit()")
    expect(page.locator(".error-summary, .has-error").first).to_be_visible()


@by("sign-in with errors", VISITOR)
def _(page: Page, life: Life) -> None:
    open_at(page, "/accounts/login/")
    page.locator("main input[type=email]").fill("nobody@example.com")
    page.locator("main input[type=password]").fill("not the password")
    page.locator("main input[type=password]").press("Enter")
    expect(page.locator(".error-summary, .has-error").first).to_be_visible()


@by("code", VISITOR)
def _(page: Page, life: Life) -> None:
    open_at(page, "/accounts/signup/")
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
    open_at(page, "/book/session/?psychologist=any")
    expect(page.locator("aside.hold")).to_be_visible()


@by("move my appointment, asked", PATIENT)
def _(page: Page, life: Life) -> None:
    open_at(page, f"/my/appointments/{life.upcoming.code}/reschedule/")
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
at("my video room, before it opens", PATIENT, "/my/appointments/{life.upcoming.code}/video/")
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
at("my forms", PATIENT, "/my/measures/")
at("form to fill in", PATIENT, "/my/measures/{life.form.code}/")
at("form with answers that worry", PATIENT, "/my/measures/{life.answered.code}/")
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
