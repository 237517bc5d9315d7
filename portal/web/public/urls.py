from __future__ import annotations

from django.urls import path

from portal.web.public.views import booking, confirming, pages, people

app_name = "public"

urlpatterns = [
    path("", pages.home, name="home"),
    path("services/", pages.services, name="services"),
    path("fees/", pages.fees, name="fees"),
    path("crisis/", pages.crisis, name="crisis"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("logo/", pages.logo, name="logo"),
    path("psychologists/", people.psychologists, name="psychologists"),
    path("psychologists/<slug:slug>/", people.psychologist, name="psychologist"),
    path("psychologists/<slug:slug>/photo/", pages.photo, name="photo"),
    path("book/", booking.services, name="book"),
    path("book/<slug:service>/", booking.times, name="times"),
    path("book/<slug:service>/confirm/", confirming.confirm, name="confirm"),
]
