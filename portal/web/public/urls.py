from __future__ import annotations

from django.urls import path

from portal.web.public.views import booking, confirming, pages

app_name = "public"

urlpatterns = [
    path("", pages.home, name="home"),
    path("services/", pages.services, name="services"),
    path("fees/", pages.fees, name="fees"),
    path("logo/", pages.logo, name="logo"),
    path("psychologists/", pages.psychologists, name="psychologists"),
    path("psychologists/<slug:slug>/", pages.psychologist, name="psychologist"),
    path("psychologists/<slug:slug>/photo/", pages.photo, name="photo"),
    path("book/", booking.services, name="book"),
    path("book/<slug:service>/", booking.times, name="times"),
    path("book/<slug:service>/confirm/", confirming.confirm, name="confirm"),
]
