from __future__ import annotations

from django.urls import path

from portal.accounts import naming, views
from portal.common.access.decorators import open_to_all
from portal.common.web.once import once

door = open_to_all(reason="this is the door")

# Stands before allauth's own list: the names it shares with that list are answered here.
urlpatterns = [
    path("home/", views.home, name="account_home"),
    path("language/", views.choose_language, name="choose_language"),
    path("name/", naming.change, name="account_name"),
    path("kept-form/", views.drop_kept_form, name="drop_kept_form"),
    path("login/", door(views.SignIn.as_view()), name="account_login"),
    path("signup/", door(once(views.SignUp.as_view())), name="account_signup"),
    path("logout/", door(views.SignOut.as_view()), name="account_logout"),
    path("password/reset/", door(once(views.ResetPassword.as_view())), name="account_reset_password"),
    path("confirm-email/", door(views.EnterCode.as_view()), name="account_email_verification_sent"),
    path("invitation/", views.answer_invitation, name="answer_invitation"),
    path("invitation/<str:token>/", views.open_invitation, name="open_invitation"),
]
