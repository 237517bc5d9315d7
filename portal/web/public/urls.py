from __future__ import annotations

from django.urls import path

from portal.web.public.views import (
    blog,
    booking,
    confirming,
    confirming_series,
    letting_go,
    links,
    offers,
    other_times,
    pages,
    people,
    photos,
    policies,
    resources,
    waiting,
)

app_name = "public"

urlpatterns = [
    path("", pages.home, name="home"),
    path("services/", pages.services, name="services"),
    path("fees/", policies.fees, name="fees"),
    path("fees/<slug:day>/", policies.version, {"kind": "fees"}, name="fees_version"),
    path("privacy/", policies.privacy, name="privacy"),
    path("privacy/<slug:day>/", policies.version, {"kind": "privacy"}, name="privacy_version"),
    path("crisis/", pages.crisis, name="crisis"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("logo/", pages.logo, name="logo"),
    path("psychologists/", people.psychologists, name="psychologists"),
    path("psychologists/<slug:slug>/", people.psychologist, name="psychologist"),
    path("psychologists/<slug:slug>/photo/", photos.photo, name="photo"),
    path("blog/", blog.listing, name="blog"),
    path("blog/feed/", blog.feed, name="feed"),
    path("blog/category/<slug:slug>/", blog.category, name="category"),
    path("blog/tag/<str:slug>/", blog.tagged, name="tag"),
    path("blog/preview/<slug:token>/", blog.preview, name="preview"),
    path("blog/preview/<slug:token>/<str:name>", blog.preview_picture, name="preview_picture"),
    path("blog/<slug:slug>/", blog.post, name="post"),
    path("resources/", resources.listing, name="resources"),
    path("resources/<slug:slug>/", resources.detail, name="resource"),
    path("resources/<slug:slug>/file/", resources.download, name="download"),
    path("link/", links.link, name="link"),
    path("link/<slug:token>/", links.mailed_link, name="mailed_link"),
    path("other-times/<uuid:code>/", other_times.other_times, name="other_times"),
    path("other-times/<slug:token>/", other_times.mailed, name="other_times_mailed"),
    path("offer/<uuid:code>/", offers.offer, name="offer"),
    path("offer/<slug:token>/", offers.mailed, name="offered"),
    path("book/", booking.services, name="book"),
    path("book/<slug:service>/", booking.times, name="times"),
    path("book/<slug:service>/wait/", waiting.wait, name="wait"),
    path("book/<slug:service>/confirm/", confirming.confirm, name="confirm"),
    path("book/<slug:service>/confirm/let-go/", letting_go.let_go, name="let_go"),
    path("book/<slug:service>/confirm/series/", confirming_series.confirm_series, name="confirm_series"),
]
