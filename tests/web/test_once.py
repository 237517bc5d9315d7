"""A form that makes something makes it once: four presses in one moment, one thing, four answers that lead to it."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from portal.accounts.actions import invite
from portal.accounts.models import Invitation, User
from portal.accounts.roles import Role
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import (
    Appointment,
    CalendarFeed,
    Closure,
    OutsideCalendar,
    Series,
    Status,
    TimeSlot,
    WaitlistEntry,
)
from portal.appointments.recurrence import Every, Pattern
from portal.audit.models import Entry
from portal.billing import actions as billing
from portal.billing.charges import extra_line
from portal.billing.models import (
    BulkRun,
    CreditNote,
    Invoice,
    PatientPayer,
    Payer,
    Payment,
    PaymentPlan,
    PayShare,
    SavedView,
    Taking,
)
from portal.clinic.models import Language, Location, Mode, Psychologist, Room, Service, Specialisation
from portal.common import schedules
from portal.common.languages.times import iso
from portal.common.web import once
from portal.journeys import checking_out
from portal.medicare.models import (
    BetterAccessLimits,
    LetterCheck,
    Referral,
    ReferralLetter,
    Referrer,
    ScheduleUpdate,
    UsedElsewhere,
)
from portal.messaging.models import Message, ReplyTemplate, Thread
from portal.notifications.models import Notice
from portal.patients import actions as patients
from portal.patients.models import Carer, MailedLink, Patient
from portal.policies.models import PolicyVersion
from portal.records import actions as notes
from portal.records.models import Addendum, Measure
from portal.resources.models import BlogPost, Category, Resource, Share
from portal.website.models import CrisisLine
from tests import make
from tests.medicare.schedules import file_of, record
from tests.pages import decided
from tests.test_house import layers_of
from tests.web.forms import at_once, form_to, same_browser

PRESSES = 4


# ---- Which forms there are -------------------------------------------------------------------------------------------


def named_views(patterns=None, namespace=""):
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from named_views(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and not pattern.callback.__module__.startswith("allauth."):
            yield f"{namespace}{pattern.name}", pattern.callback


def takes_a_post(view):
    if hasattr(view, "view_class"):
        return hasattr(view.view_class, "post")
    functions = [layer for layer in layers_of(view) if inspect.isfunction(layer)]
    known = [inspect.getclosurevars(layer).nonlocals.get("request_method_list") for layer in functions]
    return any(methods and "POST" in methods for methods in known)


# Why the same form sent twice needs no key there. Whoever adds a form that makes something adds @once, not a line here.
STEP = "a step of something that is there: its state, or the revision that the page showed, lets it be taken once"
SETS = "says how something that is there is to be: said twice, it is the same"
OWN_CODE = "the page names the code of the thing that it makes, so a repeat finds it made"
OWN_KEY = "its key is kept with the money or the e-mail that it makes, for ever"
NOTHING = "makes nothing"
WITHOUT_KEY = {
    STEP: """
        reception:take_to_do reception:put_back_to_do reception:finish_to_do psychologist:take_to_do
        psychologist:put_back_to_do psychologist:finish_to_do manager:take_to_do manager:put_back_to_do
        manager:finish_to_do reception:notice reception:notice_arrived manager:send_again manager:mail_arrived
        reception:check_in reception:undo_check_in reception:no_show reception:undo_no_show reception:reopen
        reception:waive_fee reception:void_invoice reception:end_carer reception:approve_patient
        reception:withdraw_approval reception:answer reception:room psychologist:answer patient:withdraw
        psychologist:complete psychologist:no_show
        psychologist:sign_note psychologist:withdraw_share psychologist:remove_exception manager:withdraw_invitation
        reception:take_back_away reception:end_time_off reception:stranded psychologist:stranded
        manager:reset_second_factor manager:close_account manager:open_account manager:retire_profile
        manager:restore_profile manager:retire_location manager:restore_location manager:retire_service
        manager:restore_service manager:confirm_role manager:withdraw_role
        manager:take_down_download manager:put_back_download manager:replace_download
        manager:change_crisis_line manager:take_off_crisis_line reception:use_held
        manager:reset_text manager:reset_wording patient:cancel patient:reschedule patient:agree
        patient:end_carer public:times
        public:confirm public:confirm_series public:let_go public:link reception:withdraw_invitation
        reception:unlink_account
        reception:keep_address patient:waiting_address reception:compare psychologist:take_back_notes
        public:answer public:answer_cancel webhooks:twilio_status webhooks:twilio
        public:offer public:other_times patient:leave_waitlist patient:change_wish reception:waiting
        reception:leave_waitlist
        reception:withdraw_offer
        reception:move_in_calendar psychologist:move_in_calendar reception:undo_move psychologist:undo_move
        reception:offer_time reception:remove_exception reception:end_plan reception:end_hold
        account_login account_logout account_email_verification_sent
        patient:end_calendar_address psychologist:end_calendar_address psychologist:remove_outside
        reception:take_off_referral reception:merge_referrers reception:asked_referrer reception:referrer_answered
        psychologist:sign_report psychologist:report_sent psychologist:last_session
        reception:claim reception:claim_override reception:send_claims reception:close
        reception:edit_invoice reception:issue_invoice reception:end_bill_links reception:settle_online
        reception:retire_payer reception:restore_payer reception:end_payer_link
        manager:schedule_update manager:go_on_with_schedule patient:pay public:bill patient:add_card patient:remove_card
        patient:agree_to_card reception:charge_card
        psychologist:close_thread psychologist:reopen_thread psychologist:settle_thread reception:close_thread
        reception:reopen_thread reception:settle_thread reception:assign_thread reception:name_thread
        patient:reopen_thread psychologist:remove_reply_template reception:remove_reply_template
        psychologist:video_admit psychologist:release_measure psychologist:withdraw_measure
        psychologist:see_alert psychologist:end_alert psychologist:end_measure_plan patient:measure
    """,
    SETS: """
        reception:referrer psychologist:report psychologist:draft_report
        reception:edit_payer reception:change_payer_link reception:saved_view reception:export_claims
        reception:edit_patient psychologist:hours reception:hours psychologist:profile manager:settings manager:location
        manager:service manager:roles manager:download manager:policy_settings manager:text manager:one_wording
        manager:payment_reminders reception:hold_invoice reception:hold_all manager:crisis_line
        manager:category manager:tags patient:edit_details patient:contact reception:contact patient:carer_files
        choose_language choose_theme psychologist:article_address
        psychologist:article_link psychologist:article_reviewed manager:article_address manager:article_link
        manager:article_reviewed account_name manager:rename psychologist:hand_over
        patient:title_calendar_address psychologist:title_calendar_address
        patient:read_thread psychologist:read_thread reception:read_thread
        psychologist:measures
        patient:video patient:video_here psychologist:video_here patient:video_key psychologist:video_key
    """,
    OWN_CODE: """
        psychologist:note psychologist:draft_note psychologist:add_to_note psychologist:share psychologist:share_own
        psychologist:article psychologist:keep_article psychologist:restore_article psychologist:take_back_article
        psychologist:delete_article manager:article manager:keep_article manager:restore_article
        manager:take_back_article manager:delete_article
    """,
    OWN_KEY: """
        reception:send_invoice reception:email_invoice reception:pay reception:refund_payment reception:credit_invoice
        reception:correct_payment reception:write_off webhooks:stripe
        reception:go_on_invoicing reception:send_receipt reception:send_patient_statement reception:send_payer_statement
    """,
    NOTHING: """
        psychologist:article_preview manager:article_preview psychologist:profile_advice manager:profile_advice
        drop_kept_form reception:compare_online
        reception:reschedule reception:find psychologist:find reception:book_whom psychologist:book_whom
    """,
}


def with_key():
    return {name for name, view in named_views() if getattr(view, once.MARK, False)}


def test_every_form_that_makes_something_carries_a_key():
    excused = {name for names in WITHOUT_KEY.values() for name in names.split()}
    posted = {name for name, view in named_views() if takes_a_post(view)}
    assert posted - excused == with_key()
    assert excused - posted == set()
    assert excused & with_key() == set()


def test_every_form_with_a_key_is_pressed_here():
    views, pressed = dict(named_views()), inspect.getsource(inspect.getmodule(a_patient))
    assert [name for name in with_key() if f'"{name}"' not in pressed and views] == []


# ---- Four presses ----------------------------------------------------------------------------------------------------


@dataclass
class Sheet:
    """A form on a page, what is written on it, and how much of what it makes there is."""

    client: Client
    page: str
    name: str
    args: tuple
    says: dict
    count: Callable[[], int]
    has: str = once.FIELD
    button: str = ""

    @property
    def address(self):
        return reverse(self.name, args=self.args)

    def filled(self):
        """What a browser would send."""
        page = self.client.get(self.page)
        assert page.status_code == 200, (self.page, page.status_code, page.headers)
        fields = form_to(page, self.address, with_field=self.has)
        if self.button:
            found = re.search(f'name="{self.button}" value="([^"]+)"', page.content.decode())
            fields[self.button] = found[1]
        if hasattr((page.context or {}).get("asked"), "proposal"):
            fields |= decided(page)
        return fields | self.says


def sheet(who, page, name, *args, says=None, count, **more):
    return Sheet(who, page, name, args, says or {}, count.objects.count if hasattr(count, "objects") else count, **more)


def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def boss():
    return make.signed_in_client(role=Role.MANAGER)


def at(name, *args):
    return reverse(name, args=args)


def practice():
    place, service = make.location(), make.service()
    psychologist = make.psychologist(services=(service,))
    make.week(psychologist=psychologist, location=place, weekdays=tuple(range(7)))
    return psychologist


def to_come(**fields):
    return make.appointment(
        psychologist=practice(), service=Service.objects.get(), location=Location.objects.get(), **fields
    )


def an_hour_ago(**fields):
    """In the first hour of a day at its midnight: nobody is checked in for the day before."""
    now = timezone.localtime().replace(second=0, microsecond=0)
    return make.appointment(starts_at=max(now - timedelta(hours=1), now.replace(hour=0, minute=0)), **fields)


def an_invoice():
    by, now = make.actor(), timezone.now()
    session = an_hour_ago(status=Status.ARRIVED)
    held = checking_out.as_booked(session)
    return checking_out.check_out(appointment=session, held=held, key="a", by=by, now=now)


def a_patient():
    says = {"legal_first_name": "Nora", "legal_last_name": "Kelly", "date_of_birth": "03/04/1988"}
    return sheet(desk(), at("reception:new_patient"), "reception:new_patient", says=says, count=Patient)


def sessions_elsewhere():
    code, address = make.patient().code, "reception:used_elsewhere"
    says = {"individual": "3"}
    return sheet(desk(), at(address, code), address, code, says=says, count=UsedElsewhere)


def a_referral():
    code, written = make.patient().code, timezone.now() - timedelta(days=2)
    letter = {"referrer_name": "Dr Priya Raman", "referrer_provider_number": "2429581T", "services": "6"}
    says = {"written_on": f"{written:%d/%m/%Y}"} | letter
    return sheet(desk(), at("reception:add_referral", code), "reception:add_referral", code, says=says, count=Referral)


def a_correction():
    code = make.referral(services=None).code
    page, says = at("reception:correct_referral", code), {"services": "6", "why": "asked"}
    corrected = Referral.objects.filter(corrects__isnull=False).count
    return sheet(desk(), page, "reception:correct_referral", code, says=says, count=corrected)


def a_referrer():
    says = {"name": "Dr Alice Wong", "provider_number": "2429581T"}
    return sheet(desk(), at("reception:new_referrer"), "reception:new_referrer", says=says, count=Referrer)


def a_letter_on_file():
    code, drawn = make.referral().code, BytesIO()
    Image.new("RGB", (40, 60), "white").save(drawn, "PNG")
    says = {"file": lambda: SimpleUploadedFile("letter.png", drawn.getvalue(), "image/png")}
    return sheet(desk(), at("reception:letter", code), "reception:letter", code, says=says, count=ReferralLetter)


def a_look_at_a_letter():
    code = make.referral().code
    page, says = at("reception:check_letter", code), {"has_name": "on"}
    return sheet(desk(), page, "reception:check_letter", code, says=says, count=LetterCheck)


def a_look_at_a_letter_by_who_treats_them():
    client = clinician()
    session = an_hour_ago(psychologist=client.psychologist, status=Status.COMPLETED)
    code = make.referral(patient=session.patient).code
    page, says = at("psychologist:referral", code), {"has_name": "on"}
    return sheet(client, page, "psychologist:referral", code, says=says, count=LetterCheck)


def a_carer():
    code, parent = make.patient().code, make.user()
    says = {"email": parent.email, "relationship": "parent", "checked": "on"}
    return sheet(desk(), at("reception:patient", code), "reception:add_carer", code, says=says, count=Carer)


def a_booking():
    practice()
    code = make.patient().code
    page = at("reception:book", code)
    return sheet(desk(), page, "reception:book", code, count=Appointment, button="time")


def a_place_on_the_waitlist():
    practice()
    code = make.patient().code
    page = at("reception:join_waitlist", code)
    return sheet(desk(), page, "reception:join_waitlist", code, count=WaitlistEntry)


def ones_own_place_on_the_waitlist():
    practice()
    patient = make.patient(user=make.user())
    page = at("patient:join_waitlist")
    return sheet(make.client_for(patient.user), page, "patient:join_waitlist", count=WaitlistEntry)


def a_booking_at_any_time():
    practice()
    code, day = make.patient().code, timezone.now() + timedelta(days=3)
    says = {"day": f"{day:%d/%m/%Y}", "at": "6:00 am", "outside": "yes", "with_whom": Psychologist.objects.get().slug}
    return sheet(desk(), at("reception:book", code), "reception:book", code, says=says, has="day", count=Appointment)


def a_series():
    session = to_come()
    page = at("reception:repeat", session.code)
    return sheet(desk(), page, "reception:repeat", session.code, count=Series)


def in_an_empty_half_hour(client, name):
    psychologist = getattr(client, "psychologist", None) or practice()
    place = Location.objects.get()
    patient = make.patient()
    make.appointment(psychologist=psychologist, patient=patient, location=place, status=Status.COMPLETED)
    starts_at = timezone.now().replace(second=0, microsecond=0) + timedelta(days=3)
    page = f"{at(name, patient.code)}?{urlencode({'time': f'{iso(starts_at)} {place.slug} {psychologist.slug}'})}"
    return sheet(client, page, name, patient.code, says={"outside": "yes"}, count=Appointment)


def a_booking_in_an_empty_half_hour():
    return in_an_empty_half_hour(desk(), "reception:book_here")


def an_own_booking_in_an_empty_half_hour():
    psychologist = practice()
    client = make.client_for(psychologist.user)
    client.psychologist = psychologist
    return in_an_empty_half_hour(client, "psychologist:book_here")


def several_from_an_empty_half_hour(client, name):
    psychologist = getattr(client, "psychologist", None) or practice()
    place = Location.objects.get()
    patient = make.patient()
    make.appointment(psychologist=psychologist, patient=patient, location=place, status=Status.COMPLETED)
    starts_at = timezone.now().replace(second=0, microsecond=0) + timedelta(days=3)
    page = f"{at(name, patient.code)}?{urlencode({'time': f'{iso(starts_at)} {place.slug} {psychologist.slug}'})}"
    return sheet(client, page, name, patient.code, count=Series)


def several_bookings():
    return several_from_an_empty_half_hour(desk(), "reception:book_series")


def several_bookings_of_ones_patient():
    psychologist = practice()
    client = make.client_for(psychologist.user)
    client.psychologist = psychologist
    return several_from_an_empty_half_hour(client, "psychologist:book_series")


def a_series_of_ones_own():
    account = make.user()
    session = to_come(patient=make.patient(user=account))
    page = at("patient:repeat", session.code)
    return sheet(make.client_for(account), page, "patient:repeat", session.code, count=Series)


def a_series_of_ones_patient():
    session = to_come()
    page = at("psychologist:repeat", session.code)
    client = make.client_for(session.psychologist.user)
    return sheet(client, page, "psychologist:repeat", session.code, count=Series)


def a_series_to_come(**patient):
    """The second of three sessions a week apart, on another day of the week."""
    psychologist, service, place = practice(), Service.objects.get(), Location.objects.get()
    noon = timezone.now().astimezone(place.zone).replace(hour=12, minute=0, second=0, microsecond=0)
    times = [noon + timedelta(weeks=n, days=3) for n in (1, 2, 3)]
    booked = book_series(
        terms=Terms(psychologist, make.patient(**patient), service, Mode.IN_PERSON, place),
        pattern=Pattern(Every.WEEKS, 1, times[0].date(), count=3),
        wishes=[Wish(at, at) for at in times],
        by=make.actor(),
        now=timezone.now(),
    )
    return booked[1]


def the_following_called_off(client, name, session, **says):
    times = Appointment.objects.filter(status=Status.CANCELLED).values("cancelled_at").distinct().count
    return sheet(client, at(name, session.code), name, session.code, says=says, count=times)


def the_following_moved(client, name, session):
    there = session.local_start + timedelta(hours=1)
    says = {"day": f"{there:%Y-%m-%d}", "at": f"{there:%H:%M}", "which": "following"}
    times = Appointment.objects.filter(revision__gt=0).values("revision").distinct().count
    return sheet(client, f"{at(name, session.code)}?{urlencode(says)}", name, session.code, count=times)


def several_called_off():
    return the_following_called_off(desk(), "reception:cancel_series", a_series_to_come(), reason="patient")


def several_of_ones_own_called_off():
    session = a_series_to_come(user=make.user())
    return the_following_called_off(make.client_for(session.patient.user), "patient:cancel_series", session)


def several_of_ones_patient_called_off():
    session = a_series_to_come()
    own = make.client_for(User.objects.get(pk=session.psychologist.user_id))
    return the_following_called_off(own, "psychologist:cancel_series", session, reason="psychologist")


def several_moved():
    return the_following_moved(desk(), "reception:move_series", a_series_to_come())


def several_of_ones_own_moved():
    session = a_series_to_come(user=make.user())
    return the_following_moved(make.client_for(session.patient.user), "patient:move_series", session)


def several_of_ones_patient_moved():
    session = a_series_to_come()
    return the_following_moved(
        make.client_for(User.objects.get(pk=session.psychologist.user_id)), "psychologist:move_series", session
    )


def a_cancellation():
    session = to_come()
    cancelled = Appointment.objects.filter(status=Status.CANCELLED).count
    page = at("reception:cancel", session.code)
    return sheet(desk(), page, "reception:cancel", session.code, says={"reason": "patient"}, count=cancelled)


def an_own_cancellation():
    psychologist = practice()
    session = make.appointment(
        psychologist=psychologist, service=Service.objects.get(), location=Location.objects.get()
    )
    cancelled = Appointment.objects.filter(status=Status.CANCELLED).count
    page = at("psychologist:cancel", session.code)
    who = make.client_for(psychologist.user)
    return sheet(who, page, "psychologist:cancel", session.code, says={"reason": "psychologist"}, count=cancelled)


def steps_of(line):
    """How often the trail says that this became of a session."""
    return Entry.objects.filter(verb=f"appointment.{line}").count


def a_step(who, page, name, session, line, **says):
    return sheet(who, page, name, session.code, says=says, count=steps_of(line), has="seen")


def a_check_in():
    session = an_hour_ago()
    return a_step(desk(), at("reception:appointment", session.code), "reception:check_in", session, "arrived")


def a_no_show():
    session = an_hour_ago()
    return a_step(desk(), at("reception:appointment", session.code), "reception:no_show", session, "no_show")


def taken_back(name, line, **fields):
    session = an_hour_ago(**fields)
    return a_step(desk(), at(name, session.code), name, session, line, reason="mistake")


def a_check_in_taken_back():
    return taken_back("reception:undo_check_in", "arrival_undone", status=Status.ARRIVED)


def a_no_show_taken_back():
    return taken_back("reception:undo_no_show", "no_show_undone", status=Status.NO_SHOW)


def a_session_opened_again():
    return taken_back("reception:reopen", "reopened", status=Status.COMPLETED)


def on_their_day(name, line):
    client = clinician()
    session = an_hour_ago(psychologist=client.psychologist)
    day = f"{at('psychologist:today')}?day={session.local_start.date().isoformat()}"
    return a_step(client, day, name, session, line)


def a_session_held():
    return on_their_day("psychologist:complete", "completed")


def a_session_missed():
    return on_their_day("psychologist:no_show", "no_show")


def a_session_that_its_patient_calls_off():
    patient = make.patient(user=make.user())
    session = to_come(patient=patient)
    page = at("patient:cancel", session.code)
    return a_step(make.client_for(patient.user), page, "patient:cancel", session, "cancelled")


def money_ahead():
    code = to_come().code
    return sheet(
        desk(), at("reception:pay_ahead", code), "reception:pay_ahead", code, says={"method": "card"}, count=Payment
    )


def a_fee():
    code = an_hour_ago(status=Status.NO_SHOW, no_show_percent=100).code
    return sheet(desk(), at("reception:fee", code), "reception:fee", code, count=Invoice)


def a_check_out():
    code = an_hour_ago(status=Status.ARRIVED).code
    page = at("reception:check_out", code)
    return sheet(desk(), page, "reception:check_out", code, says={"method": "card"}, count=Payment, has="key")


def a_check_out_paid_later():
    code = an_hour_ago(status=Status.ARRIVED).code
    page = at("reception:check_out", code)
    return sheet(desk(), page, "reception:check_out", code, says={"method": "later"}, count=Invoice, has="key")


def an_invoice_by_mail():
    code = an_invoice().appointment.code
    page = at("reception:checked_out", code)
    return sheet(desk(), page, "reception:send_invoice", code, count=Notice, has="key")


def a_payment():
    number = an_invoice().number
    page = at("reception:invoice", number)
    return sheet(desk(), page, "reception:pay", number, says={"method": "card"}, count=Payment, has="key")


def a_refund():
    invoice, now = an_invoice(), timezone.now()
    paid = billing.record_payment(invoice=invoice, amount=Decimal(50), method="card", key="b", by=make.actor(), now=now)
    page = at("reception:refund_payment", invoice.number, paid.number)
    given = Payment.objects.filter(amount__lt=0).count
    return sheet(
        desk(),
        page,
        "reception:refund_payment",
        invoice.number,
        paid.number,
        says={"reason": "Too much"},
        count=given,
        has="key",
    )


def a_taking():
    invoice = an_invoice()
    code = invoice.patient.code
    page = at("reception:take", code)
    says = {"card": str(invoice.balance)}
    return sheet(desk(), page, "reception:take", code, says=says, count=Taking)


def an_account_given_back():
    invoice, now = an_invoice(), timezone.now()
    paid = billing.record_payment(invoice=invoice, amount=Decimal(50), method="card", key="b", by=make.actor(), now=now)
    billing.keep_on_account(payment=paid, invoice=invoice, amount=Decimal(50), by=make.actor(), now=now)
    code = invoice.patient.code
    given = Payment.objects.filter(amount__lt=0).count
    says = {"reason": "They moved away"}
    return sheet(desk(), at("reception:refund_account", code), "reception:refund_account", code, says=says, count=given)


def an_invoice_that_is_typed():
    psychologist, code = practice(), make.patient().code
    says = {
        "psychologist": psychologist.slug,
        "location": Location.objects.get().slug,
        "line-0-description": "Report",
        "line-0-price": "300",
        "step": "issue",
    }
    return sheet(desk(), at("reception:type_invoice", code), "reception:type_invoice", code, says=says, count=Invoice)


def several_invoices_together():
    invoice = an_invoice()
    page, says = at("reception:together"), {"kind": "print", "invoice": [invoice.number]}
    return sheet(desk(), page, "reception:together", says=says, count=BulkRun)


def a_reminder():
    by, long_ago = make.actor(), timezone.now() - timedelta(days=60)
    draft = billing.draft_invoice(
        patient=make.patient(),
        psychologist=make.psychologist(),
        location=make.location(),
        charges=[extra_line("Report", Decimal("80.00"))],
        by=by,
        now=long_ago,
    )
    number = billing.issue_invoice(invoice=draft, by=by, now=long_ago).number
    return sheet(desk(), at("reception:invoice", number), "reception:remind_invoice", number, count=BulkRun)


def a_view_of_the_invoices():
    page = f"{at('reception:saved_views')}?standing=overdue"
    return sheet(desk(), page, "reception:saved_views", says={"name": "Late"}, count=SavedView)


def sessions_invoiced_in_a_run():
    session = make.appointment(status=Status.COMPLETED, starts_at=timezone.now() - timedelta(hours=2))
    page, says = at("reception:run_invoices"), {"session": [f"{session.code}:"]}
    return sheet(desk(), page, "reception:run_invoices", says=says, count=BulkRun)


def a_payer():
    says = {"kind": "insurer", "name": "Harbour Insurance", "email": "bills@harbour.example"}
    return sheet(desk(), at("reception:add_payer"), "reception:add_payer", says=says, count=Payer)


def who_pays_for_a_patient():
    code, payer = make.patient().code, make.payer()
    says = {"payer": str(payer.code), "pays": "everything"}
    return sheet(desk(), at("reception:link_payer", code), "reception:link_payer", code, says=says, count=PatientPayer)


def a_part_of_what_comes_in():
    whose = practice().slug
    page = at("manager:remuneration_of", whose)
    return sheet(boss(), page, "manager:remuneration_of", whose, says={"percent": "65"}, count=PayShare)


def a_file_of_the_schedule():
    says = {"file": lambda: SimpleUploadedFile("MBS.XML", file_of(record("80010", "179.60", benefit="152.70")))}
    return sheet(boss(), at("manager:medicare"), "manager:medicare", says=says, count=ScheduleUpdate)


def limits_of_a_year():
    says = {
        "valid_from": f"{timezone.now() + timedelta(days=400):%d/%m/%Y}",
        "individual_a_year": "20",
        "group_a_year": "10",
        "carer_a_year": "2",
        "initial_course": "6",
        "source": "Services Australia",
        "source_url": "https://www.servicesaustralia.gov.au/",
    }
    page = at("manager:medicare_limits")
    return sheet(boss(), page, "manager:medicare_limits", says=says, count=BetterAccessLimits)


def a_credit():
    number = an_invoice().number
    says = {"line": "1", "amount": "20", "reason": "Agreed a lower fee"}
    page = at("reception:credit_invoice", number)
    return sheet(desk(), page, "reception:credit_invoice", number, says=says, count=CreditNote, has="key")


def a_plan():
    invoice = an_invoice()
    args = ("patients", invoice.patient.code)
    says = {
        "invoices": invoice.number,
        "amount": "50",
        "every": "week",
        "first": f"{timezone.localdate() + timedelta(days=7):%d/%m/%Y}",
    }
    return sheet(desk(), at("reception:plan", *args), "reception:plan", *args, says=says, count=PaymentPlan)


def a_location():
    says = {"name": "Brunswick", "street": "1 Banksia Lane", "suburb": "Brunswick", "state": "VIC", "postcode": "3056"}
    return sheet(boss(), at("manager:add_location"), "manager:add_location", says=says, count=Location)


def a_room():
    code = make.location().code
    return sheet(boss(), at("manager:location", code), "manager:rooms", code, says={"name": "Wattle"}, count=Room)


def a_service():
    says = {"name": "First session", "minutes": "50", "fee": "220", "in_person": "on"}
    return sheet(boss(), at("manager:add_service"), "manager:add_service", says=says, count=Service)


def an_invitation():
    says = {"email": "new@example.com", "roles": ["reception"]}
    return sheet(boss(), at("manager:invite"), "manager:invite", says=says, count=Invitation)


def an_invitation_again():
    first = invite(email="new@example.com", roles=[Role.RECEPTION], by=make.actor(), now=timezone.now())
    again = Invitation.objects.exclude(pk=first.pk).count
    return sheet(boss(), at("manager:staff"), "manager:invite_again", first.code, count=again)


def a_specialisation():
    page = at("manager:profile_words")
    return sheet(boss(), page, "manager:specialisations", says={"name": "Grief"}, count=Specialisation)


def a_language():
    return sheet(boss(), at("manager:profile_words"), "manager:languages", says={"code": "vi"}, count=Language)


def a_profile():
    make.location()
    code = make.user(role=Role.PSYCHOLOGIST).code
    return sheet(boss(), at("manager:profile", code), "manager:profile", code, count=Psychologist)


def a_file():
    says = {
        "title": "Sleep diary",
        "category": str(make.category().pk),
        "audience": "public",
        "file": lambda: SimpleUploadedFile("diary.txt", b"Went to bed at ..."),
    }
    return sheet(boss(), at("manager:add_download"), "manager:add_download", says=says, count=Resource)


def a_category():
    page = at("manager:shelves")
    return sheet(boss(), page, "manager:categories", says={"name": "Sleep"}, count=Category)


def a_crisis_line():
    says = {"name": "Helpline", "number": "13 11 14", "hours": "24 hours"}
    return sheet(boss(), at("manager:add_crisis_line"), "manager:add_crisis_line", says=says, count=CrisisLine)


def a_policy():
    page, client = at("manager:policy", "fees"), boss()
    once_asked = sheet(client, page, "manager:policy", "fees", says={"changes": "Shorter."}, count=PolicyVersion)
    asked = client.post(page, once_asked.filled())
    once_asked.says |= {"sure": asked.context["form"].questions_digest}
    return once_asked


def an_article():
    client = boss()
    make.category()
    page = client.get(at("manager:new_article"))
    code = page.context["article_code"]
    says = {"title": "Sleep well", "body": "Go to bed.", "do": "save"}
    client.get = lambda path: page
    return sheet(client, "", "manager:article", code, says=says, count=BlogPost, has="version")


def clinician():
    client = make.signed_in_client(role=Role.PSYCHOLOGIST)
    client.psychologist = Psychologist.objects.get(user=client.user)
    return client


def a_day_off():
    client = clinician()
    make.week(psychologist=client.psychologist)
    says = {"kind": "blocked", "first_day": f"{timezone.now() + timedelta(days=9):%d/%m/%Y}", "label": "Leave"}
    return sheet(client, at("psychologist:hours"), "psychologist:add_exception", says=says, count=TimeSlot)


def somebody_away():
    says = {"psychologist": practice().slug}
    return sheet(desk(), at("reception:away"), "reception:away", says=says, count=TimeSlot)


def closed_days():
    practice()
    says = {"whose": "clinic", "first_day": f"{timezone.now() + timedelta(days=9):%d/%m/%Y}", "label": "Painters"}
    return sheet(desk(), at("reception:time_off"), "reception:time_off", says=says, count=Closure)


def extra_hours():
    client = clinician()
    place = make.location()
    day = f"{timezone.now() + timedelta(days=9):%d/%m/%Y}"
    says = {"kind": "extra", "first_day": day, "from_time": "9:00", "until_time": "11:00", "location": str(place.pk)}
    return sheet(client, at("psychologist:hours"), "psychologist:add_exception", says=says, count=TimeSlot)


def a_day_off_put_down_at_the_desk():
    whose = practice().slug
    says = {"kind": "blocked", "first_day": f"{timezone.now() + timedelta(days=9):%d/%m/%Y}", "label": "Leave"}
    page = at("reception:hours", whose)
    return sheet(desk(), page, "reception:add_exception", whose, says=says, count=TimeSlot)


def in_care():
    client = clinician()
    patient = an_hour_ago(psychologist=client.psychologist, status=Status.COMPLETED).patient
    return client, patient.code


def a_share():
    client, code = in_care()
    says = {"resource": str(make.resource(audience="public").code)}
    return sheet(client, at("psychologist:share", code), "psychologist:share", code, says=says, count=Share, has="code")


def a_file_of_ones_own():
    client, code = in_care()
    says = {"own_title": "Your plan", "file": lambda: SimpleUploadedFile("plan.txt", b"One step a day.")}
    page = at("psychologist:share_own", code)
    return sheet(client, page, "psychologist:share_own", code, says=says, count=Share, has="own_code")


def a_paper_form():
    client = clinician()
    code = an_hour_ago(psychologist=client.psychologist, status=Status.COMPLETED).patient.code
    page = at("psychologist:enter_measure", code, "d")
    says = {"answered_on": f"{timezone.localdate():%d/%m/%Y}", **{f"item_{n}": "1" for n in range(1, 8)}}
    return sheet(client, page, "psychologist:enter_measure", code, "d", says=says, count=Measure)


def an_addendum():
    client = clinician()
    session = an_hour_ago(psychologist=client.psychologist, status=Status.COMPLETED)
    by, now = make.actor(client.user, Role.PSYCHOLOGIST), timezone.now()
    note = notes.save_draft(appointment=session, body="Came.", template="free", version=0, by=by, now=now)
    notes.sign(appointment=session, version=note.version, by=by, now=now)
    page = at("psychologist:note", session.code)
    says = {"body": "And left."}
    return sheet(client, page, "psychologist:add_to_note", session.code, says=says, count=Addendum, has="code")


def an_account():
    says = {"first_name": "Nora", "email": "nora@example.com", "password1": "a-long-enough-password"}
    return sheet(Client(), at("account_signup"), "account_signup", says=says, count=User)


def a_forgotten_password():
    says = {"email": make.user().email}
    return sheet(Client(), at("account_reset_password"), "account_reset_password", says=says, count=Notice)


def joining():
    now = timezone.now()
    Invitation.objects.create(
        email="new@example.com",
        roles=["reception"],
        token_hash=Invitation.hash_of("a-token"),
        invited_at=now,
        expires_at=now + timedelta(days=7),
    )
    visitor = Client()
    visitor.get(at("open_invitation", "a-token"))
    says = {"first_name": "Nora", "password": "a-long-enough-password"}
    joined = User.objects.filter(email="new@example.com").count
    return sheet(visitor, at("answer_invitation"), "answer_invitation", says=says, count=joined)


def an_invitation_to_a_patient():
    code = make.patient().code
    page = at("reception:patient", code)
    return sheet(desk(), page, "reception:invite_patient", code, count=MailedLink)


def a_linked_account():
    code, account = make.patient().code, make.user()
    page = at("reception:link_account", code)
    says = {"email": account.email, "account": str(account.code), "checked": "on"}
    linked = Patient.objects.exclude(user=None).count
    return sheet(desk(), page, "reception:link_account", code, says=says, count=linked)


def a_record_of_ones_own():
    account = make.user(first_name="Nora")
    make.patient(email=account.email, legal_first_name="Nora", date_of_birth=date(1988, 4, 3))
    says = {"who": "me", "first_name": "Nora", "date_of_birth": "03/04/1988"}
    found = Patient.objects.filter(user=account).count
    return sheet(make.client_for(account), at("patient:find"), "patient:find", says=says, count=found)


def a_calendar_address():
    patient = make.patient(user=make.user())
    client, page = make.client_for(patient.user), at("patient:calendar_addresses")
    return sheet(client, page, "patient:make_calendar_address", patient.code, count=CalendarFeed)


def a_diarys_calendar_address():
    page = at("psychologist:calendar_address")
    return sheet(clinician(), page, "psychologist:make_calendar_address", count=CalendarFeed)


def an_outside_calendar():
    says = {"address": "https://calendar.example/basic.ics"}
    page = at("psychologist:outside")
    return sheet(clinician(), page, "psychologist:add_outside", says=says, count=OutsideCalendar)


def somebody_written_to():
    """A patient who signs in, and the psychologist they see, as a browser."""
    psychologist = practice()
    patient = make.patient(user=make.user())
    make.appointment(psychologist=psychologist, patient=patient)
    return psychologist, patient


SAYS = {"about": "A bill", "body": "Is it paid?"}


def a_conversation_that_its_patient_begins():
    _psychologist, patient = somebody_written_to()
    page = at("patient:new_message")
    return sheet(make.client_for(patient.user), page, "patient:new_message", says=SAYS | {"to": "desk"}, count=Thread)


def a_conversation_that_the_desk_begins():
    _psychologist, patient = somebody_written_to()
    page = at("reception:write_to", patient.code)
    return sheet(desk(), page, "reception:write_to", patient.code, says=SAYS, count=Thread)


def a_conversation_that_a_psychologist_begins():
    psychologist, patient = somebody_written_to()
    page = at("psychologist:write_to", patient.code)
    client = make.client_for(psychologist.user)
    return sheet(client, page, "psychologist:write_to", patient.code, says=SAYS, count=Thread)


def an_answer(name, client, thread):
    page = at(name, thread.code)
    return sheet(client, page, name, thread.code, says={"body": "It is.", "seen": thread.mark}, count=Message)


def a_message_of_a_patient():
    thread = make.thread()
    return an_answer("patient:thread", make.client_for(thread.patient.user), thread)


def a_message_of_the_desk():
    return an_answer("reception:thread", desk(), make.thread())


def a_message_of_a_psychologist():
    psychologist = practice()
    thread = make.thread(psychologist=psychologist)
    return an_answer("psychologist:thread", make.client_for(psychologist.user), thread)


def a_reply_template_of_the_desk():
    page, says = at("reception:reply_templates"), {"title": "Paid", "words": "It is paid."}
    return sheet(desk(), page, "reception:reply_templates", says=says, count=ReplyTemplate)


def a_reply_template_of_ones_own():
    page, says = at("psychologist:reply_templates"), {"title": "Soon", "words": "We speak on Monday."}
    return sheet(make.client_for(practice().user), page, "psychologist:reply_templates", says=says, count=ReplyTemplate)


STEPS = [
    *(a_check_in, a_no_show, a_check_in_taken_back, a_no_show_taken_back, a_session_opened_again, a_session_held),
    *(a_session_missed, a_session_that_its_patient_calls_off, a_cancellation),
]
SEVERAL = [
    *(several_called_off, several_of_ones_own_called_off, several_of_ones_patient_called_off),
    *(several_moved, several_of_ones_own_moved, several_of_ones_patient_moved),
]
PRESSED = {
    case.__name__: case
    for case in [
        *(case for case in STEPS if case is not a_cancellation),
        *SEVERAL,
        *(
            a_patient,
            a_referral,
            a_correction,
            a_referrer,
            a_letter_on_file,
            a_look_at_a_letter,
            a_look_at_a_letter_by_who_treats_them,
            sessions_elsewhere,
            a_carer,
            a_booking,
            a_booking_at_any_time,
            a_series,
            a_series_of_ones_own,
            a_series_of_ones_patient,
            several_bookings,
            several_bookings_of_ones_patient,
            a_cancellation,
            money_ahead,
            a_fee,
        ),
        *(a_booking_in_an_empty_half_hour, an_own_booking_in_an_empty_half_hour, an_own_cancellation),
        *(
            a_check_out,
            a_check_out_paid_later,
            an_invoice_by_mail,
            a_payment,
            a_refund,
            a_credit,
            a_plan,
            a_location,
            a_room,
        ),
        *(
            a_taking,
            an_account_given_back,
            an_invoice_that_is_typed,
            several_invoices_together,
            a_reminder,
            a_view_of_the_invoices,
        ),
        *(a_payer, who_pays_for_a_patient, a_part_of_what_comes_in, a_file_of_the_schedule, limits_of_a_year),
        *(a_service, an_invitation, an_invitation_again, a_specialisation, a_language, a_profile, a_file, a_category),
        *(
            a_crisis_line,
            a_policy,
            an_article,
            a_day_off,
            a_day_off_put_down_at_the_desk,
            somebody_away,
            closed_days,
            extra_hours,
            a_share,
            a_file_of_ones_own,
            a_paper_form,
            an_addendum,
        ),
        *(
            an_account,
            a_forgotten_password,
            joining,
            an_invitation_to_a_patient,
            a_linked_account,
            a_record_of_ones_own,
            a_place_on_the_waitlist,
            ones_own_place_on_the_waitlist,
        ),
        *(a_calendar_address, a_diarys_calendar_address, an_outside_calendar),
        *(a_conversation_that_its_patient_begins, a_conversation_that_the_desk_begins),
        *(a_conversation_that_a_psychologist_begins, a_message_of_a_patient, a_message_of_the_desk),
        *(a_message_of_a_psychologist, a_reply_template_of_the_desk, a_reply_template_of_ones_own),
    ]
}


@pytest.fixture
def clinic(transactional_db):
    make.mbs_items()
    return make.clinic(phone="+61390101234", gst_registered=True, abn="51824753556", state="VIC")


@pytest.mark.parametrize("case", PRESSED)
def test_four_presses_make_one_thing_and_lead_to_it(clinic, case):
    found = PRESSED[case]()
    fields, before = found.filled(), found.count()

    def press(browser):
        said = {name: value() if callable(value) else value for name, value in fields.items()}
        return lambda: browser.post(found.address, said)

    answers = at_once([press(same_browser(found.client)) for _ in range(PRESSES)])
    shown = [(answer.status_code, answer.headers.get("Location")) for answer in answers]
    assert found.count() - before == 1, shown
    assert {status for status, _where in shown} == {302}, [answer.content.decode()[-3000:] for answer in answers]
    assert len({where for _status, where in shown}) == 1, shown


@pytest.mark.parametrize("case", STEPS + SEVERAL, ids=lambda case: case.__name__)
def test_whoever_presses_a_step_twice_is_led_where_the_first_led_and_told_that_it_is_done(clinic, case):
    found = case()
    fields, before = found.filled(), found.count()
    first = found.client.post(found.address, fields, follow=True)
    again = found.client.post(found.address, fields, follow=True)
    assert found.count() - before == 1
    assert again.redirect_chain == first.redirect_chain
    levels = [{message.level_tag for message in answer.context["messages"]} for answer in (first, again)]
    # The first may say what else there is to know, such as what of a series stays booked.
    assert [told - {"info"} for told in levels] == [{"success"}] * 2


@pytest.mark.parametrize("case", [a_check_in, a_check_in_taken_back, a_session_opened_again])
def test_a_step_that_somebody_else_took_is_told_as_theirs(clinic, case):
    found = case()
    fields, other = found.filled(), replace(found, client=desk())
    other.client.post(other.address, other.filled())
    (told,) = found.client.post(found.address, fields, follow=True).context["messages"]
    assert re.search(r"(?:[Cc]hecked in|undone|Reopened) .+ by (?!you\b)", str(told))


def test_a_step_that_was_taken_back_can_be_taken_again(clinic):
    """The page knows then of the session what it knew before the first time."""
    found, session = a_check_in(), Appointment.objects.get()
    fields = found.filled()
    found.client.post(found.address, fields)
    undoing = at("reception:undo_check_in", session.code)
    found.client.post(undoing, {"seen": "arrived.0", "reason": "mistake"})
    found.client.post(found.address, fields)
    session.refresh_from_db()
    assert (session.status, found.count()) == (Status.ARRIVED, 2)


# ---- What a key is worth ---------------------------------------------------------------------------------------------


def rows():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT digest, led_to FROM {once.TABLE} ORDER BY pressed_at")
        return cursor.fetchall()


@pytest.fixture
def sent(db):
    """The desk's form for somebody new, filled in, and the browser that it stands in."""
    make.clinic()
    found = a_patient()
    return found.client, found.address, found.filled()


def test_a_repeat_says_that_it_counted_once(sent):
    browser, address, fields = sent
    first = browser.post(address, fields)
    # What the first says was read before the second was sent.
    browser.get(first.url)
    again = browser.post(address, fields, follow=True)
    assert again.redirect_chain == [(first.url, 302)]
    assert [str(m) for m in again.context["messages"]][-1] == "Done. This was sent more than once, and counted once."
    assert Patient.objects.count() == 1


def test_a_double_click_is_answered_by_what_the_first_says(sent):
    browser, address, fields = sent
    browser.post(address, fields)
    said = [str(message) for message in browser.post(address, fields, follow=True).context["messages"]]
    assert said
    assert not [words for words in said if "more than once" in words]


def test_a_repeat_by_htmx_leaves_the_page(sent):
    browser, address, fields = sent
    first = browser.post(address, fields)
    again = browser.post(address, fields, headers={"HX-Request": "true"})
    assert (again.status_code, again.headers["HX-Redirect"]) == (204, first.url)


def test_what_is_kept_says_nothing_of_anybody(sent):
    browser, address, fields = sent
    led_to = browser.post(address, fields).url
    (digest, kept) = rows()[-1]
    assert (re.fullmatch("[0-9a-f]{64}", digest) is not None, kept) == (True, led_to)
    assert fields[once.FIELD] not in digest


def test_somebody_elses_key_is_a_new_one(sent):
    browser, address, fields = sent
    first = browser.post(address, fields)
    found = a_patient()
    other = found.client.post(address, found.filled() | {once.FIELD: fields[once.FIELD], "is_new": "yes"})
    browser.post(address, fields)
    assert Patient.objects.count() == 2
    assert first.url != other.url


def test_a_key_of_one_form_opens_no_other(sent):
    browser, address, fields = sent
    browser.post(address, fields)
    found = a_referral()
    found.client = browser
    browser.post(found.address, found.filled() | {once.FIELD: fields[once.FIELD]})
    assert (Patient.objects.filter(legal_first_name="Nora").count(), Referral.objects.count()) == (1, 1)


def test_a_page_gone_back_to_and_changed_makes_what_it_says(sent):
    browser, address, fields = sent
    browser.post(address, fields)
    browser.post(address, fields | {"legal_first_name": "Una", "date_of_birth": "05/06/1990"})
    assert sorted(Patient.objects.values_list("legal_first_name", flat=True)) == ["Nora", "Una"]


@pytest.mark.parametrize("key", [None, "", "nonsense", "1" * 5000])
def test_a_page_from_before_makes_as_it_did(sent, key):
    browser, address, fields = sent
    del fields[once.FIELD]
    more = {} if key is None else {once.FIELD: key}
    assert browser.post(address, fields | more).status_code == 302
    assert (Patient.objects.count(), rows()) == (1, [])


def test_a_refused_form_keeps_its_key_and_uses_none_up(sent):
    browser, address, fields = sent
    refused = browser.post(address, fields | {"legal_last_name": "", "legal_first_name": ""})
    assert refused.status_code == 422
    assert form_to(refused, address, with_field=once.FIELD)[once.FIELD] == fields[once.FIELD]
    assert rows() == []
    assert browser.post(address, fields).status_code == 302
    assert form_to(browser.get(address), address, with_field=once.FIELD)[once.FIELD] != fields[once.FIELD]


def test_if_the_first_comes_to_nothing_the_next_may(sent, monkeypatch):
    browser, address, fields = sent
    browser.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(patients, "reindex", lambda patient: 1 / 0)
        assert browser.post(address, fields).status_code == 500
    assert (Patient.objects.count(), rows()) == (0, [])
    assert browser.post(address, fields).status_code == 302
    assert Patient.objects.count() == 1


def test_keys_are_forgotten_after_a_day(sent):
    browser, address, fields = sent
    with time_machine.travel(timezone.now() - timedelta(hours=23), tick=False):
        browser.post(address, fields)
    once.sweep()
    assert len(rows()) == 1
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert (once.sweep(), rows()) == (1, [])
    assert schedules.declared()["presses"].path == "portal.common.web.once.sweep"


# ---- Two people, one name --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["a_service", "a_location", "a_room", "a_category"])
def by_two_people(found):
    """The same form, opened and sent by two people in one moment; their answers, the better one first."""
    sheets = [found, replace(found, client=boss())]
    sendings = [partial(same_browser(one.client).post, one.address, one.filled()) for one in sheets]
    return sorted(at_once(sendings), key=lambda answer: answer.status_code)


@pytest.mark.parametrize("case", ["a_service", "a_location", "a_room", "a_category"])
def test_two_people_who_take_one_name_are_told_in_words(clinic, case):
    found = PRESSED[case]()
    before = found.count()
    first, second = by_two_people(found)
    assert (first.status_code, second.status_code, found.count() - before) == (302, 422, 1)
    told = "(There is a|Another one|Another page|This|Room with this).{0,60} already"
    assert re.search(told, second.content.decode())


def test_two_people_who_invite_one_address_both_hear_that_it_went(clinic):
    answers = by_two_people(an_invitation())
    assert [answer.url for answer in answers] == [reverse("manager:staff")] * 2
    assert Invitation.objects.outstanding().count() == 1


def test_two_people_who_sign_up_with_one_address_get_the_same_answer(clinic):
    found = an_account()
    fields = found.filled()
    answers = at_once([lambda: Client().post(found.address, fields)] * 2)
    assert len({(answer.status_code, answer.headers.get("Location")) for answer in answers}) == 1
    assert answers[0].status_code == 302
    assert User.objects.filter(email="nora@example.com").count() == 1
