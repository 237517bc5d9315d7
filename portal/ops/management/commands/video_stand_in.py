"""Answers for Twilio Video on this machine, for the demo: two browsers on it find each other, and nobody else."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.ops.video_stand_in import Server
from portal.video.providers import STAND_IN_KEY


class Command(BaseCommand):
    help = "Lets two browsers on this machine meet by video. For the demo."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen at.")
        parser.add_argument("--port", type=int, required=True, help="The port to listen at.")

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("A real clinic's sessions by video go by Twilio. This command is for the demo.")
        Server(key=STAND_IN_KEY, secret=settings.SECRET_KEY, host=host, port=port).serve_forever()
