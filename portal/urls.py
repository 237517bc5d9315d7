"""Addresses are a promise: people bookmark them and print them on letters.

The language is part of the address: `/ar/blog/` is `/blog/` in Arabic, and English has no prefix. So a page can be
linked to, found and cached in each language. The staff's rooms speak English.
"""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from portal.common.web.theme import choose_theme

urlpatterns = [
    path("practice/", include("portal.web.psychologist.urls")),
    path("reception/", include("portal.web.reception.urls")),
    path("manage/", include("portal.web.manager.urls")),
    path("api/webhooks/", include("portal.web.webhooks.urls")),
    path("", include("portal.web.public.machines")),
    *i18n_patterns(
        path("", include("portal.web.public.urls")),
        path("accounts/", include("portal.accounts.urls")),
        path("accounts/", include("allauth.urls")),
        path("my/", include("portal.web.patient.urls")),
        path("theme/", choose_theme, name="choose_theme"),
        prefix_default_language=False,
    ),
]

handler400 = "portal.common.web.error_pages.bad_request"
handler403 = "portal.common.web.error_pages.forbidden"
handler404 = "portal.common.web.error_pages.not_found"
handler500 = "portal.common.web.error_pages.server_error"
