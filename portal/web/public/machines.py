"""What machines ask for, at one address in every language."""

from __future__ import annotations

from django.urls import path

from portal.web.public.views import technical

app_name = "machines"

urlpatterns = [
    path("healthz", technical.healthz, name="healthz"),
    path("robots.txt", technical.robots, name="robots"),
]
