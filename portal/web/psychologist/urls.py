from __future__ import annotations

from django.urls import path

from portal.web.psychologist.views import (
    articles,
    attending,
    calendar,
    hours,
    notes,
    patients,
    profile,
    readings,
    sharing,
    to_do,
    today,
)

app_name = "psychologist"

# A note's address carries the code of its session: it is the same before there is a note, as a draft and signed.
urlpatterns = [
    path("", today.today, name="today"),
    path("to-do/", to_do.listing, name="to_do"),
    path("to-do/<uuid:code>/take/", to_do.acknowledge, name="take_to_do"),
    path("to-do/<uuid:code>/put-back/", to_do.put_back, name="put_back_to_do"),
    path("to-do/<uuid:code>/done/", to_do.finish, name="finish_to_do"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("patients/", patients.patients, name="patients"),
    path("patients/<uuid:code>/", patients.patient, name="patient"),
    path("sessions/<uuid:code>/", attending.session, name="session"),
    path("sessions/<uuid:code>/complete/", attending.complete, name="complete"),
    path("sessions/<uuid:code>/no-show/", attending.no_show, name="no_show"),
    path("notes/", notes.notes, name="notes"),
    path("notes/<uuid:code>/", notes.note, name="note"),
    path("notes/<uuid:code>/draft/", notes.draft, name="draft_note"),
    path("notes/<uuid:code>/sign/", notes.sign, name="sign_note"),
    path("notes/<uuid:code>/add/", notes.add, name="add_to_note"),
    path("notes/<uuid:code>/previous/", notes.previous, name="previous_note"),
    path("readings/<uuid:code>/", readings.reading, name="reading"),
    path("patients/<uuid:code>/share/", sharing.share, name="share"),
    path("patients/<uuid:code>/share/own/", sharing.share_own, name="share_own"),
    path("shared/<uuid:code>/file/", sharing.shared_file, name="shared_file"),
    path("shared/<uuid:code>/withdraw/", sharing.withdraw, name="withdraw_share"),
    path("resources/", sharing.resources, name="resources"),
    path("resources/<uuid:code>/file/", sharing.resource_file, name="resource_file"),
    path("hours/", hours.hours, name="hours"),
    path("hours/exceptions/", hours.add_exception, name="add_exception"),
    path("hours/exceptions/<uuid:code>/remove/", hours.remove_exception, name="remove_exception"),
    # The page that begins an article names its code: whatever saves it first makes it, and only once.
    path("articles/", articles.listing, name="articles"),
    path("articles/new/", articles.begin, name="new_article"),
    path("articles/<uuid:code>/", articles.article, name="article"),
    path("articles/<uuid:code>/draft/", articles.keep, name="keep_article"),
    path("articles/<uuid:code>/preview/", articles.preview, name="article_preview"),
    path("articles/<uuid:code>/picture/<str:name>", articles.picture, name="article_picture"),
    path("articles/<uuid:code>/revisions/", articles.revisions, name="article_revisions"),
    path("articles/<uuid:code>/revisions/restore/", articles.restore, name="restore_article"),
    path("articles/<uuid:code>/address/", articles.address, name="article_address"),
    path("articles/<uuid:code>/link/", articles.link, name="article_link"),
    path("articles/<uuid:code>/reviewed/", articles.reviewed, name="article_reviewed"),
    path("articles/<uuid:code>/take-back/", articles.take_back, name="take_back_article"),
    path("articles/<uuid:code>/delete/", articles.delete, name="delete_article"),
    path("profile/", profile.profile, name="profile"),
    path("profile/advice/", profile.advice, name="profile_advice"),
    path("profile/preview/", profile.preview, name="profile_preview"),
    path("profile/photo/", profile.photo, name="profile_photo"),
    path("profile/photo/whole/", profile.whole_photo, name="profile_whole_photo"),
]
