"""What a browser sends from the page of a held time: the fields that name what the page showed."""

from __future__ import annotations

import re

from django.test import Client

NAMES = ("hold", "chosen", "shown")


def shown_by(page) -> dict[str, str]:
    """The hidden fields of a page that was answered, as its form would send them."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode()))
    return {name: fields[name] for name in NAMES}


def shown_on(client: Client, confirm: str) -> dict[str, str]:
    return shown_by(client.get(confirm))


def send(client: Client, confirm: str, typed: dict[str, str]):
    """Opens the page, fills it in and presses Confirm."""
    return client.post(confirm, shown_on(client, confirm) | typed)
