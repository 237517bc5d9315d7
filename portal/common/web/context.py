from __future__ import annotations

from typing import Any

from django.http import HttpRequest

THEMES = ("light", "dark")


def look(request: HttpRequest) -> dict[str, Any]:
    """The theme that the reader chose, or none: then the browser's own setting decides."""
    chosen = request.COOKIES.get("theme", "")
    return {"theme": chosen if chosen in THEMES else ""}
