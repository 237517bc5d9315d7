"""What django-q2 is told, each setting with why it stands so. docs/outbox.md tells what the outbox makes of it."""

from __future__ import annotations


def cluster(*, workers: int) -> dict[str, str | int]:
    """`Q_CLUSTER` for so many tasks at once."""
    return {
        # Tasks are kept in the portal's own database: what is queued in a transaction goes with it.
        "orm": "default",
        "name": "portal",
        "label": "Queue",
        "workers": workers,
        # Taken ahead: few, so that what a killed cluster held is little, one at a time.
        "queue_limit": 2,
        "bulk": 1,
        # Seconds between two looks at an empty queue.
        "poll": 1,
        # Seconds that a task may take before it is ended. Longer than any provider may take to answer, and shorter than
        # a notice's lease: `manage.py check` compares them.
        "timeout": 60,
        # Seconds after which a task that was taken and never finished is taken again. It has to be longer than
        # `timeout`, or one that is still running would run twice; every task claims its rows all the same.
        "retry": 600,
        # django-q2 tries for ever unless told otherwise. What failed thrice stays on the list of what failed.
        "max_attempts": 3,
        # A failed task stays queued until its next attempt.
        "ack_failures": False,
        # A job that was missed for a night runs once, not once for each turn that it missed.
        "catch_up": False,
        # A process is replaced after so many tasks, whatever it has gathered by then.
        "recycle": 500,
        # What went well is forgotten but for the last few of each function: over all of them, jobs of every minute
        # would push out those of every night, and nobody could tell when these last ran. What failed is never dropped.
        "save_limit": 10,
        "save_limit_per": "func",
    }
