"""Doing what a page about several sessions was asked for, all of it or nothing, where others may be faster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from django.http import HttpRequest, HttpResponse

from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken, TooManyBookings
from portal.common.web.once import making

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tried(Generic[T]):
    """What came of it: sessions and where they lead, or what the page shows and says now."""

    asked: T
    done: list[Appointment] = field(default_factory=list)
    # Leads on; None where nothing was done.
    answer: HttpResponse | None = None
    # Why not, in words; empty where a time was taken.
    refusal: str = ""
    is_taken: bool = False


def do_or_ask_again(
    request: HttpRequest,
    asked: T,
    *,
    do: Callable[[], list[Appointment]],
    read: Callable[[], T],
    why: Callable[[NotOffered | TooManyBookings], str],
    leads_to: str,
    now: datetime,
) -> Tried[T]:
    """Does it once, however often the form is sent; what `do` raises besides is the view's to answer."""
    try:
        with making(request, now=now) as made:
            done = do()
            made.leads_to(leads_to)
    except SlotTaken:
        # Somebody was faster than this page: what is free is looked at again.
        return Tried(read(), is_taken=True)
    except (NotOffered, TooManyBookings) as refused:
        return Tried(asked, refusal=why(refused))
    return Tried(asked, done, made.answer)
