"""Every page of the main journey, each with what it takes to stand on it."""

from e2e.places import public, staff
from e2e.places.making import PLACES, Place, hold_a_time, open_times

__all__ = ["PLACES", "Place", "hold_a_time", "open_times", "public", "staff"]
