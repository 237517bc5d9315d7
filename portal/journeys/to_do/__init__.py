"""Work that people must do: raised and closed in the transaction of its cause, with its line in the trail."""

from portal.journeys.to_do import notices, people, sessions, steps, untold

__all__ = ["notices", "people", "sessions", "steps", "untold"]
