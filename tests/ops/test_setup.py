from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.models import Invitation
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings, Location
from portal.notifications.models import Notice
from portal.ops.demo import clinic as demo_clinic
from portal.ops.management.commands import setup
from portal.policies.models import PolicyVersion
from tests import make

GIVEN = {
    "name": "Fern & Co",
    "abn": "51 824 753 556",
    "time_zone": "Australia/Perth",
    "manager_email": "Head@Fern.example",
}


@pytest.mark.django_db
def test_setup_opens_the_clinic_and_invites_its_manager(capsys):
    call_command("setup", **GIVEN)
    settings = ClinicSettings.objects.get()
    assert (settings.name, settings.abn, settings.time_zone, settings.is_demo) == (
        "Fern & Co",
        "51824753556",
        "Australia/Perth",
        False,
    )
    assert [(place.name, place.time_zone) for place in Location.objects.all()] == [("Fern & Co", "Australia/Perth")]
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.roles) == ("head@fern.example", [Role.MANAGER])
    assert [notice.to for notice in Notice.objects.all()] == ["head@fern.example"]
    assert {"clinic.changed", "location.added", "invitation.sent"} <= set(Entry.objects.values_list("verb", flat=True))
    assert "The worker sends the invitation." in capsys.readouterr().out
    published = PolicyVersion.objects.order_by("kind")
    assert [(version.kind, version.number) for version in published] == [("fees", 1), ("privacy", 1)]
    assert all(version.facts["name"] == "Fern & Co" for version in published)


@pytest.mark.django_db
def test_setup_again_changes_nothing_but_invites_while_there_is_no_manager():
    call_command("setup", **GIVEN)
    call_command("setup", **{**GIVEN, "name": "Another", "manager_email": "new@fern.example"})
    assert ClinicSettings.objects.get().name == "Fern & Co"
    assert [invitation.email for invitation in Invitation.objects.order_by("pk")] == [
        "head@fern.example",
        "new@fern.example",
    ]


@pytest.mark.django_db
def test_setup_with_a_manager_invites_nobody(capsys):
    ClinicSettings.objects.create(pk=1, name="Fern & Co")
    manager = make.user(roles=[Role.MANAGER])
    call_command("setup")
    assert Invitation.objects.count() == 0
    assert f"Its manager is there already: {manager.email}." in capsys.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("name", "", "--name: A clinic has a name."),
        ("abn", "51 824 753 557", "--abn: This is not a valid ABN. Check the eleven digits."),
        ("time_zone", "Perth", "--time-zone: Choose a time zone by its name, such as Australia/Perth."),
        ("manager_email", "head", "--manager-email: This is not an e-mail address."),
    ],
)
def test_setup_refuses_what_it_cannot_use(option, value, words):
    with pytest.raises(CommandError) as refused:
        call_command("setup", **{**GIVEN, option: value})
    assert str(refused.value) == words
    assert Invitation.objects.count() == 0


@pytest.mark.django_db
def test_setup_asks_until_the_answer_can_be_used(monkeypatch, capsys):
    answers = iter(["Fern & Co", "123", "", "", "nobody", "head@fern.example"])
    monkeypatch.setattr(setup.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    call_command("setup")
    settings = ClinicSettings.objects.get()
    assert (settings.name, settings.abn, settings.time_zone) == ("Fern & Co", "", "Australia/Melbourne")
    assert Invitation.objects.get().email == "head@fern.example"
    said = capsys.readouterr().out
    assert "This is not a valid ABN." in said
    assert "This is not an e-mail address." in said


@pytest.mark.django_db
def test_setup_refuses_a_demo():
    demo_clinic.found(is_demo=True)
    with pytest.raises(CommandError, match="This database holds a demo"):
        call_command("setup", **GIVEN)
