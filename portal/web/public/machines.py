"""What machines ask for, at one address in every language."""

from __future__ import annotations

from django.urls import path

from portal.web.public.views import blog, feeds, photos, technical

app_name = "machines"

urlpatterns = [
    path("healthz", technical.healthz, name="healthz"),
    path("robots.txt", technical.robots, name="robots"),
    path("sitemap.xml", technical.sitemap_index, name="sitemap"),
    path("sitemap/<str:name>.xml", technical.sitemap, name="sitemap_part"),
    path("calendar/<slug:token>.ics", feeds.calendar_feed, name="calendar_feed"),
    path("pictures/articles/<uuid:code>/<str:name>", blog.post_picture, name="post_picture"),
    path("psychologists/<slug:slug>/photo/<str:name>", photos.portrait, name="portrait"),
]
