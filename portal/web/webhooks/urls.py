"""Where other companies' machines bring their messages."""

from __future__ import annotations

from django.urls import path

from portal.web.webhooks.views import stripe, twilio

app_name = "webhooks"

urlpatterns = [
    path("stripe/", stripe.receive, name="stripe"),
    path("twilio/", twilio.inbound, name="twilio"),
    path("twilio/status/<uuid:code>/", twilio.status, name="twilio_status"),
]
