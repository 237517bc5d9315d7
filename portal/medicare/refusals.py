from __future__ import annotations


class MedicareRefused(Exception):
    """Something of Medicare that can't be done."""


class ChangedMeanwhile(MedicareRefused):
    """What was had elsewhere was said anew since the page was opened."""
