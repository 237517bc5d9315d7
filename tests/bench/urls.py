"""The portal, and what it is measured against: what plain Django does on this machine, under the same server."""

from __future__ import annotations

import os

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from portal.clinic.models import Specialisation
from portal.urls import *  # noqa: F403
from portal.urls import urlpatterns
from tests.bench.load import WHO

ROWS = engines["django"].from_string(
    "<!doctype html><title>Rows</title><table>"
    "{% for row in rows %}<tr><td>{{ row.pk }}<td>{{ row.name }}<td>{{ row.slug }}<td>{{ row.position }}{% endfor %}"
    "</table>"
)


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello", headers={WHO: str(os.getpid())})


def fifty_rows(request: HttpRequest) -> HttpResponse:
    """A plain template of 50 rows from one query."""
    return HttpResponse(ROWS.render({"rows": Specialisation.objects.order_by("pk")[:50]}))


urlpatterns = [path("bench/hello/", hello), path("bench/rows/", fifty_rows), *urlpatterns]
