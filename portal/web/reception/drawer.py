"""At which place money is taken: chosen once, and remembered for whoever sits there."""

from __future__ import annotations

from django.http import HttpRequest

from portal.clinic.models import Location

_PLACE = "desk_place"


def places() -> list[Location]:
    """The places that may be chosen."""
    return list(Location.objects.filter(is_active=True).order_by("pk"))


def place_of(request: HttpRequest, usual: Location | None = None) -> Location | None:
    """Where this desk took money last; else where the matter at hand belongs."""
    slug = request.session.get(_PLACE)
    return next((place for place in places() if place.slug == slug), usual)


def remember(request: HttpRequest, place: Location | None) -> None:
    """Proposes the same place next time."""
    if place is not None and request.session.get(_PLACE) != place.slug:
        request.session[_PLACE] = place.slug
