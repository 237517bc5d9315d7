from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from portal.notifications import delivery
from portal.notifications.channels import CHANNELS


@register()
def check_times(app_configs: Any = None, **kwargs: Any) -> list[Error]:
    """A lease outlives the task that holds it, and ends before the queue runs that again; else notices may double."""
    lease = delivery.LEASE.total_seconds()
    answer = max(channel.timeout for channel in CHANNELS.values())
    timeout, retry = (int(settings.Q_CLUSTER[name]) for name in ("timeout", "retry"))
    problems = []
    if not answer < timeout < lease < retry:
        problems.append(
            Error(
                f"The wait for a provider's answer ({answer:.0f} s; EMAIL_TIMEOUT) must be below Q_CLUSTER's timeout "
                f"({timeout} s), that below a notice's lease ({lease:.0f} s), and that below Q_CLUSTER's retry "
                f"({retry} s).",
                id="notifications.E001",
            )
        )
    return problems
