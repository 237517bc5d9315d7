"""In whose room a conversation is read: its addresses, its layout, and who is named how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Room:
    """`namespace` is the audience's; `layout` the template that its pages stand in."""

    namespace: str
    layout: str
    # Whether those who write here answer for the clinic.
    is_staff: bool = True
    # Whether conversations are the front desk's: anybody there answers, and one may take it on.
    is_desk: bool = False

    def url(self, name: str, *args: Any) -> str:
        """The page of this name in this room."""
        return reverse(f"{self.namespace}:{name}", args=args)


PATIENT = Room("patient", "layouts/patient.html", is_staff=False)
PRACTICE = Room("psychologist", "layouts/desk.html")
DESK = Room("reception", "layouts/desk.html", is_desk=True)
