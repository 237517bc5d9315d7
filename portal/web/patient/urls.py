from __future__ import annotations

from django.urls import path

from portal.web.patient.views import (
    appointments,
    carers,
    claiming,
    details,
    documents,
    invoices,
    paying,
    privacy,
    series,
    statements,
    subscribing,
    waitlist,
)

app_name = "patient"

urlpatterns = [
    path("", appointments.home, name="home"),
    path("appointments/", appointments.listing, name="appointments"),
    path("appointments/<uuid:code>/", appointments.detail, name="appointment"),
    path("appointments/<uuid:code>/appointment.ics", appointments.calendar_entry, name="calendar_entry"),
    path("appointments/<uuid:code>/cancel/", appointments.cancel, name="cancel"),
    path("appointments/<uuid:code>/withdraw/", appointments.withdraw, name="withdraw"),
    path("appointments/<uuid:code>/reschedule/", appointments.reschedule, name="reschedule"),
    path("appointments/<uuid:code>/repeat/", series.repeat, name="repeat"),
    path("appointments/<uuid:code>/series/move/", series.move, name="move_series"),
    path("appointments/<uuid:code>/series/cancel/", series.cancel, name="cancel_series"),
    path("calendar/", subscribing.calendar_addresses, name="calendar_addresses"),
    path("calendar/<uuid:code>/make/", subscribing.make_calendar_address, name="make_calendar_address"),
    path("calendar/<uuid:code>/titles/", subscribing.title_calendar_address, name="title_calendar_address"),
    path("calendar/<uuid:code>/end/", subscribing.end_calendar_address, name="end_calendar_address"),
    path("details/", details.details, name="details"),
    path("details/<uuid:code>/", details.edit, name="edit_details"),
    path("details/<uuid:code>/address/", details.waiting_address, name="waiting_address"),
    path("find/", claiming.find, name="find"),
    path("waitlist/", waitlist.listing, name="waitlist"),
    path("waitlist/join/", waitlist.join, name="join_waitlist"),
    path("waitlist/<uuid:code>/", waitlist.change, name="change_wish"),
    path("waitlist/<uuid:code>/leave/", waitlist.leave, name="leave_waitlist"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/agree/", privacy.agree, name="agree"),
    path("privacy/<uuid:code>/carers/end/", carers.end, name="end_carer"),
    path("privacy/<uuid:code>/carers/files/", carers.files, name="carer_files"),
    path("documents/", documents.listing, name="documents"),
    path("documents/<uuid:code>/file/", documents.file, name="document_file"),
    path("invoices/", invoices.listing, name="invoices"),
    path("invoices/statement/", statements.statement, name="statement"),
    path("invoices/statement/pdf/", statements.statement_pdf, name="statement_pdf"),
    path("invoices/receipts/<slug:receipt>/pdf/", statements.receipt_pdf, name="receipt_pdf"),
    path("invoices/<slug:number>/", invoices.detail, name="invoice"),
    path("invoices/<slug:number>/pay/", paying.pay, name="pay"),
    path("invoices/<slug:number>/pdf/", invoices.pdf, name="invoice_pdf"),
    path("invoices/<slug:number>/credit/<slug:note>/pdf/", invoices.credit_pdf, name="credit_note_pdf"),
]
