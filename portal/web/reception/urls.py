from __future__ import annotations

from django.urls import path

from portal.web.reception.views import (
    booking,
    calendar,
    checkout,
    fees,
    invoices,
    notices,
    patients,
    to_do,
    today,
    undoing,
)

app_name = "reception"

urlpatterns = [
    path("", today.today, name="today"),
    path("to-do/", to_do.listing, name="to_do"),
    path("to-do/<uuid:code>/take/", to_do.acknowledge, name="take_to_do"),
    path("to-do/<uuid:code>/put-back/", to_do.put_back, name="put_back_to_do"),
    path("to-do/<uuid:code>/done/", to_do.finish, name="finish_to_do"),
    path("mail/<uuid:code>/", notices.notice, name="notice"),
    path("mail/<uuid:code>/arrived/", notices.arrived, name="notice_arrived"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("patients/", patients.listing, name="patients"),
    path("patients/new/", patients.new, name="new_patient"),
    path("patients/<uuid:code>/", patients.detail, name="patient"),
    path("patients/<uuid:code>/edit/", patients.edit, name="edit_patient"),
    path("patients/<uuid:code>/referral/", patients.referral, name="add_referral"),
    path("patients/<uuid:code>/carers/", patients.add_carer, name="add_carer"),
    path("patients/<uuid:code>/carers/end/", patients.end_carer, name="end_carer"),
    path("patients/<uuid:code>/book/", booking.book, name="book"),
    path("appointments/<uuid:code>/", booking.appointment, name="appointment"),
    path("appointments/<uuid:code>/arrive/", today.check_in, name="check_in"),
    path("appointments/<uuid:code>/arrive/undo/", undoing.check_in, name="undo_check_in"),
    path("appointments/<uuid:code>/no-show/", today.no_show, name="no_show"),
    path("appointments/<uuid:code>/no-show/undo/", undoing.no_show, name="undo_no_show"),
    path("appointments/<uuid:code>/reopen/", undoing.completed, name="reopen"),
    path("appointments/<uuid:code>/reschedule/", booking.reschedule, name="reschedule"),
    path("appointments/<uuid:code>/cancel/", booking.cancel, name="cancel"),
    path("appointments/<uuid:code>/check-out/", checkout.check_out, name="check_out"),
    path("appointments/<uuid:code>/checked-out/", checkout.checked_out, name="checked_out"),
    path("appointments/<uuid:code>/send-invoice/", checkout.send_invoice, name="send_invoice"),
    path("appointments/<uuid:code>/pay-ahead/", fees.ahead, name="pay_ahead"),
    path("appointments/<uuid:code>/fee/", fees.fee, name="fee"),
    path("appointments/<uuid:code>/fee/waive/", fees.waive, name="waive_fee"),
    path("invoices/", invoices.listing, name="invoices"),
    path("invoices/<slug:number>/", invoices.detail, name="invoice"),
    path("invoices/<slug:number>/pdf/", invoices.pdf, name="invoice_pdf"),
    path("invoices/<slug:number>/pay/", invoices.pay, name="pay"),
    path("invoices/<slug:number>/refund/<slug:receipt>/", invoices.refund, name="refund_payment"),
    path("invoices/<slug:number>/void/", invoices.void, name="void_invoice"),
    path("invoices/<slug:number>/credit/", invoices.credit, name="credit_invoice"),
    path("invoices/<slug:number>/credit/<slug:note>/pdf/", invoices.credit_pdf, name="credit_note_pdf"),
]
