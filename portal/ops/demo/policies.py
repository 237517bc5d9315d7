"""The invented clinic's policies: published when it opened, changed once, and agreed to by its patients."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.accounts.roles import Role
from portal.clinic import actions
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.ops.demo.sign_ins import BY
from portal.patients import consents
from portal.patients.models import Patient
from portal.policies import publishing
from portal.policies.models import PolicyKind, PolicyVersion

SETTINGS = {
    "contact_name": "Helen Marsh",
    "processors": {"hosting": {"country": "Australia"}, "mail": {"country": "Australia"}},
    "no_show_percent": 100,
    "waive_first": True,
    "privacy_additions": "We are a small practice. If anything here is unclear, ask any of us: there are no silly "
    "questions.",
}
SHORTER_NOTICE = 24
ON_THE_LAST_DAY = {"near_hours": 24, "near_fee_percent": 75}
# Days ago; the clinic's history begins the day after it opened.
OPENED, CHANGED = 29, 19
CHANGES = "Free cancelling now ends 48 hours before a session, not 24, so that somebody who waits can have the time."


def publish(*, now: datetime) -> None:
    """As things went: at first one could cancel until the day before."""
    opened, changed = now - timedelta(days=OPENED), now - timedelta(days=CHANGED)
    publishing.update_settings(values=SETTINGS, by=BY, now=opened)
    hours = actions.update_settings(values={}, by=BY, now=opened).cancel_hours
    actions.update_settings(values={"cancel_hours": SHORTER_NOTICE}, by=BY, now=opened)
    publishing.publish_first(by=BY, now=opened)
    actions.update_settings(values={"cancel_hours": hours, **ON_THE_LAST_DAY}, by=BY, now=changed)
    for kind in PolicyKind:
        publishing.publish(
            kind=kind, effective_from=ClinicSettings.current().today(changed), changes=CHANGES, by=BY, now=changed
        )


def agree(patients: Iterable[Patient], *, desk: Actor, now: datetime) -> None:
    """Whoever has an account agrees in their own pages, the others at the front desk."""
    versions = list(PolicyVersion.objects.without_text().filter(number=1))
    for patient in patients:
        by = Actor(patient.user, Role.PATIENT) if patient.user else desk
        consents.agree(patient=patient, versions=versions, by=by, now=now)
