"""Sessions whose row is gone by the time of the answer."""

from __future__ import annotations

from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse


class Sessions(SessionMiddleware):
    """Django's own, but that a sign-in or sign-out in the same browser and moment takes no answer away.

    It ends the session that a second press came with. What was done is done: the answer that leads to it is still good,
    and only what it would have written into that session is lost, with the session.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            return response
