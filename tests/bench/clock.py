"""Says with each answer how much of a processor it took: unlike its seconds, that doesn't grow when others are busy."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

HEADER = "X-Processor-Seconds"


def processor_time(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        begun = time.thread_time()
        response = get_response(request)
        response[HEADER] = f"{time.thread_time() - begun:.6f}"
        return response

    return middleware
