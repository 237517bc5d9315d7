"""Addresses are a promise: people bookmark them and print them on letters."""

from __future__ import annotations

from django.urls import include, path

from portal.common.views import choose_theme

urlpatterns = [
    path("", include("portal.web.public.urls")),
    path("accounts/", include("portal.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("my/", include("portal.web.patient.urls")),
    path("practice/", include("portal.web.psychologist.urls")),
    path("reception/", include("portal.web.reception.urls")),
    path("manage/", include("portal.web.manager.urls")),
    path("theme/", choose_theme, name="choose_theme"),
]

handler400 = "portal.common.views.bad_request"
handler403 = "portal.common.views.forbidden"
handler404 = "portal.common.views.not_found"
handler500 = "portal.common.views.server_error"
