from __future__ import annotations

from allauth.mfa.totp.views import deactivate_totp
from allauth.mfa.webauthn.views import edit_webauthn, remove_webauthn
from django.urls import path

from portal.accounts import naming, views
from portal.common.access.decorators import open_to_all
from portal.common.web.gone import leads_on_when_gone
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
    path("2fa/totp/deactivate/", leads_on_when_gone("mfa_index")(deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        leads_on_when_gone("mfa_list_webauthn")(remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/edit/",
        leads_on_when_gone("mfa_list_webauthn")(edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path("invitation/", views.answer_invitation, name="answer_invitation"),
    path("invitation/<str:token>/", views.open_invitation, name="open_invitation"),
]
