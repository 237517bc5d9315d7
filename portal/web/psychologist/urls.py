from __future__ import annotations

from django.urls import path

from portal.web.psychologist.views import calendar, hours, notes, patients, today

app_name = "psychologist"

# A note's address carries the code of its session: it is the same before there is a note, as a draft and signed.
urlpatterns = [
    path("", today.today, name="today"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("patients/", patients.patients, name="patients"),
    path("patients/<uuid:code>/", patients.patient, name="patient"),
    path("notes/", notes.notes, name="notes"),
    path("notes/<uuid:code>/", notes.note, name="note"),
    path("notes/<uuid:code>/draft/", notes.draft, name="draft_note"),
    path("notes/<uuid:code>/sign/", notes.sign, name="sign_note"),
    path("notes/<uuid:code>/add/", notes.add, name="add_to_note"),
    path("notes/<uuid:code>/previous/", notes.previous, name="previous_note"),
    path("hours/", hours.hours, name="hours"),
    path("hours/exceptions/", hours.add_exception, name="add_exception"),
    path("hours/exceptions/<uuid:code>/remove/", hours.remove_exception, name="remove_exception"),
]
