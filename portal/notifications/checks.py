from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from portal.notifications import delivery, email


@register()
def check_times(app_configs: Any = None, **kwargs: Any) -> list[Error]:
    """A lease outlives the task that holds it, and ends before the queue runs that again; else notices may double."""
    lease = delivery.LEASE.total_seconds()
    answer = settings.EMAIL_TIMEOUT or email.TIMEOUT
    timeout, retry = settings.Q_CLUSTER["timeout"], settings.Q_CLUSTER["retry"]
    problems = []
    if not answer < timeout < lease < retry:
        problems.append(
            Error(
                f"EMAIL_TIMEOUT ({answer} s) must be below Q_CLUSTER's timeout ({timeout} s), that below a notice's "
                f"lease ({lease:.0f} s), and that below Q_CLUSTER's retry ({retry} s).",
                id="notifications.E001",
            )
        )
    return problems
