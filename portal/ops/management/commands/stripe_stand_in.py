"""Answers for Stripe on this machine, for the demo: its API, a page that takes test cards, and signed messages."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.ops.stripe_stand_in import Server


class Command(BaseCommand):
    help = "Answers for Stripe on this machine. For the demo; no money ever moves by it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen at.")
        parser.add_argument("--port", type=int, required=True, help="The port to listen at.")
        parser.add_argument("--portal", required=True, help="Where the portal runs, which gets the messages.")

    def handle(self, *, host: str, port: int, portal: str, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("A real clinic's payments go to Stripe. This command is for the demo.")
        server = Server(
            key=settings.STRIPE_SECRET_KEY,
            secret=settings.STRIPE_WEBHOOK_SECRET,
            host=host,
            port=port,
            portal=portal,
            path=settings.DATA_DIR / "stripe-stand-in.json",
        )
        server.serve_forever()
