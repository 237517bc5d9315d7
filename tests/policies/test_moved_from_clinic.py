"""A database from before the website's words and the policies had apps of their own keeps every row of theirs."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from portal.audit.models import Entry
from portal.common import guards
from portal.patients.models import Consent
from portal.policies.guards import POLICIES
from portal.policies.models import PolicySettings, PolicyVersion
from portal.web.manager import trail_entries
from portal.website.models import CrisisLine, SiteText
from tests import older

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
BEFORE = ("clinic", "0008_psychologists_have_modes")


def fill(apps):
    """One row of each kind, and a line of the trail and a consent that name a policy, as the old release wrote them."""
    apps.get_model("clinic", "SiteText").objects.create(key="home.lede", language="vi", text="Xin chào", changed_at=NOW)
    apps.get_model("clinic", "CrisisLine").objects.all().delete()
    apps.get_model("clinic", "CrisisLine").objects.create(name="Ours", number="03 9000 0000", checked_on=NOW.date())
    apps.get_model("clinic", "PolicySettings").objects.create(pk=1, contact_name="Wren")
    version = apps.get_model("clinic", "PolicyVersion").objects.create(
        kind="fees", number=1, day="2026-11-22", effective_from=date(2026, 11, 22), published_at=NOW, facts={},
        documents={"en-au": {"title": "Fees"}},
    )  # fmt: skip
    user = apps.get_model("accounts", "User").objects.create(email="mai@example.com")
    patient = apps.get_model("patients", "Patient").objects.create(
        user=user, legal_first_name="Mai", date_of_birth=date(1990, 1, 1)
    )
    apps.get_model("patients", "Consent").objects.create(
        patient=patient, version=version, language="en-au", agreed_at=NOW, agreed_by=user, role="patient"
    )
    # The trail's own table did not change.
    Entry.objects.create(
        at=NOW, actor_role="manager", verb="policy.published", target_label="clinic.PolicyVersion", target_code="fees-1"
    )


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_an_older_database_keeps_its_texts_policies_and_consents():
    try:
        older.go_back(*BEFORE)
        fill(older.models_of(BEFORE, ("patients", "0003_consent_guards")))
    finally:
        call_command("migrate", verbosity=0)

    assert list(SiteText.objects.values_list("key", "text")) == [("home.lede", "Xin chào")]
    assert [line.shown_as for line in CrisisLine.objects.all()] == ["03 9000 0000"]
    assert PolicySettings.current().contact_name == "Wren"
    version = PolicyVersion.objects.get()
    consent = Consent.objects.get()
    assert consent.version == version

    # The next row gets the next number: sequences came along.
    present = SiteText.objects.get()
    assert SiteText.objects.create(key="home.title", language="vi", text="b", changed_at=NOW).pk > present.pk

    # What was written in the trail then is found and read under today's name.
    entry = Entry.objects.about(version).get()
    assert entry.target_label == "clinic.PolicyVersion"
    with override("en-au"):
        assert trail_entries.with_names([entry], zone="Australia/Perth")[0].target_words == "policy"

    # And the database still refuses to change a published policy.
    assert guards.problem(connection, POLICIES) == ""
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        PolicyVersion.objects.update(changes="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(
            patient=consent.patient, version_id=version.pk + 1, agreed_by=consent.agreed_by, role="patient",
            agreed_at=NOW, language="en-au",
        )  # fmt: skip
