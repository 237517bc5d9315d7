from __future__ import annotations

from django.urls import path

from portal.web.manager.views import (
    components,
    home,
    locations,
    mail,
    profile_words,
    profiles,
    services,
    settings,
    staff,
    trail,
)

app_name = "manager"

urlpatterns = [
    path("", home.home, name="home"),
    path("settings/", settings.edit, name="settings"),
    path("settings/logo/", settings.logo, name="logo"),
    path("locations/", locations.listing, name="locations"),
    path("locations/new/", locations.add, name="add_location"),
    path("locations/<uuid:code>/", locations.edit, name="location"),
    path("locations/<uuid:code>/rooms/", locations.rooms, name="rooms"),
    path("locations/<uuid:code>/retire/", locations.retire, name="retire_location"),
    path("locations/<uuid:code>/restore/", locations.restore, name="restore_location"),
    path("services/", services.listing, name="services"),
    path("services/new/", services.add, name="add_service"),
    path("services/<uuid:code>/", services.edit, name="service"),
    path("services/<uuid:code>/retire/", services.retire, name="retire_service"),
    path("services/<uuid:code>/restore/", services.restore, name="restore_service"),
    path("staff/", staff.listing, name="staff"),
    path("staff/invite/", staff.invite, name="invite"),
    path("staff/invitations/<uuid:code>/again/", staff.invite_again, name="invite_again"),
    path("staff/invitations/<uuid:code>/withdraw/", staff.withdraw, name="withdraw_invitation"),
    path("staff/words/", profile_words.listing, name="profile_words"),
    path("staff/words/specialisations/", profile_words.specialisations, name="specialisations"),
    path("staff/words/languages/", profile_words.languages, name="languages"),
    path("staff/<uuid:code>/", staff.person, name="person"),
    path("staff/<uuid:code>/roles/", staff.roles, name="roles"),
    path("staff/<uuid:code>/second-step/", staff.reset_second_factor, name="reset_second_factor"),
    path("staff/<uuid:code>/close/", staff.close, name="close_account"),
    path("staff/<uuid:code>/open/", staff.open_again, name="open_account"),
    path("staff/<uuid:code>/profile/", profiles.edit, name="profile"),
    path("staff/<uuid:code>/profile/photo/", profiles.photo, name="profile_photo"),
    path("staff/<uuid:code>/profile/retire/", profiles.retire, name="retire_profile"),
    path("staff/<uuid:code>/profile/restore/", profiles.restore, name="restore_profile"),
    path("mail/", mail.listing, name="mail"),
    path("mail/<uuid:code>/again/", mail.send_again, name="send_again"),
    path("mail/<uuid:code>/arrived/", mail.arrived, name="mail_arrived"),
    path("trail/", trail.listing, name="trail"),
    path("components/", components.components, name="components"),
]
