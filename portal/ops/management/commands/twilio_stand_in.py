"""Answers for Twilio on this machine, for the demo: its API, a page of the patients' phones, and signed messages."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.ops.twilio_stand_in import Server


class Command(BaseCommand):
    help = "Answers for Twilio on this machine. For the demo; no phone ever rings by it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen at.")
        parser.add_argument("--port", type=int, required=True, help="The port to listen at.")
        parser.add_argument("--portal", required=True, help="Where the portal runs, which gets the messages.")

    def handle(self, *, host: str, port: int, portal: str, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("A real clinic's texts go to Twilio. This command is for the demo.")
        server = Server(
            account=settings.TWILIO_ACCOUNT_SID,
            key=settings.TWILIO_API_KEY,
            secret=settings.TWILIO_API_SECRET,
            token=settings.TWILIO_AUTH_TOKEN,
            host=host,
            port=port,
            portal=portal,
            public=settings.PORTAL_BASE_URL,
            path=settings.DATA_DIR / "twilio-stand-in.json",
        )
        server.serve_forever()
