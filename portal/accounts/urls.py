from __future__ import annotations

from django.urls import path

from portal.accounts import views

urlpatterns = [
    path("home/", views.home, name="account_home"),
]
