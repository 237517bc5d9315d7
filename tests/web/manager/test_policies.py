"""The manager's page of policies: what no longer matches, and publishing."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.patients import consents
from portal.policies import facts, publishing
from portal.policies.forms import mark_of
from portal.policies.models import PolicyKind, PolicySettings, PolicyVersion
from portal.web.manager import attention
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clinic():
    with time_machine.travel(NOW, tick=False):
        yield make.clinic(cancel_hours=48, state="VIC")


@pytest.fixture
def boss(clinic):
    return make.signed_in_client(role=Role.MANAGER)


def publish(kind=PolicyKind.FEES, *, in_days=0, **kwargs):
    day = ClinicSettings.current().today(NOW) + timedelta(days=in_days)
    return publishing.publish(kind=kind, effective_from=day, by=Actor.system("test"), now=NOW, **kwargs)


def url(name, *args):
    return reverse(f"manager:{name}", args=args)


def words(response):
    html = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[html.index("<main") :]))


def sent(kind="fees", **changes):
    newest = PolicyVersion.objects.of(kind).first()
    return {
        "effective_from": "22/11/2026",
        "changes": "Shorter.",
        "seen": mark_of(facts.gather(kind)),
        "after": newest.number if newest else 0,
    } | changes


def press(boss, kind, data, **kwargs):
    """Presses the button, and once more where the page asks."""
    asked = boss.post(url("policy", kind), data)
    if asked.status_code != 422 or not asked.context["form"].questions:
        return asked
    return boss.post(url("policy", kind), data | {"sure": asked.context["form"].questions_digest}, **kwargs)


def points():
    found = attention.points(clinic=make.clinic(), by=make.actor(role=Role.MANAGER), now=NOW)
    return [point.text for point in found if point.url == url("policies")]


def test_unpublished_is_said_on_the_overview_and_on_the_page(boss):
    assert points() == ["Not published yet: Privacy policy.", "Not published yet: Fees and cancellation policy."]
    assert words(boss.get(url("policies"))).count("The website shows a draft.") == 2
    publish()
    publish(PolicyKind.PRIVACY)
    assert points() == []
    assert "Matches the settings" in words(boss.get(url("policies")))


def test_a_changed_setting_is_named_with_both_values_and_a_way_to_publish(boss):
    publish()
    publish(PolicyKind.PRIVACY)
    make.clinic(cancel_hours=24)
    assert points() == [
        "No longer matches the settings: Privacy policy. Changed: Free cancelling until, hours before.",
        "No longer matches the settings: Fees and cancellation policy. Changed: Free cancelling until, hours before.",
    ]
    page = words(boss.get(url("policies")))
    assert "Free cancelling until, hours before: the policy says “48”, the settings say “24”." in page
    preview = boss.get(url("policy", "fees"))
    html = re.sub(r"\s+", " ", preview.content.decode())
    assert '<del><span class="sr-only">removed: </span>48</del>' in html
    assert '<ins><span class="sr-only">added: </span>24</ins>' in html
    response = press(boss, "fees", sent(ask_again="on"))
    assert (response.status_code, response.url) == (302, url("policies"))
    version = PolicyVersion.objects.of("fees").first()
    assert (version.number, version.changes, version.ask_again, version.published_by) == (
        2,
        "Shorter.",
        True,
        boss.user,
    )
    assert Entry.objects.filter(verb="policy.published", actor_id=str(boss.user.pk)).count() == 1
    assert [text for text in points() if "Fees" in text] == []


def test_what_is_published_is_what_was_looked_at(boss):
    publish()
    make.clinic(cancel_hours=24)
    looked_at = sent()
    make.clinic(cancel_hours=12)
    refused = press(boss, "fees", looked_at)
    assert refused.status_code == 422
    assert "The settings have changed since you opened this page." in words(refused)
    assert PolicyVersion.objects.count() == 1
    hidden = {name: refused.context["form"][name].value() for name in ("seen", "after")}
    again = {"effective_from": "22/11/2026", "changes": "Shorter."} | hidden
    assert press(boss, "fees", again).status_code == 302


def test_a_button_that_is_pressed_twice_publishes_once(boss):
    publish()
    make.clinic(cancel_hours=24)
    pressed = sent()
    assert press(boss, "fees", pressed).url == url("policies")
    again = press(boss, "fees", pressed, follow=True)
    assert "There is a newer version than the one you looked at; no other was published." in words(again)
    assert [version.number for version in PolicyVersion.objects.of("fees")] == [2, 1]


def test_a_page_that_was_sent_again_publishes_after_the_version_it_then_showed(boss):
    publish()
    looked_at = sent(effective_from="soon")
    publish()
    refused = press(boss, "fees", looked_at)
    assert refused.context["form"]["after"].value() == "2"


def agreed(count, kind="fees"):
    version = PolicyVersion.objects.of(kind).first()
    for _n in range(count):
        patient = make.patient(user=make.user())
        consents.agree(patient=patient, versions=[version], by=make.actor(user=patient.user), now=NOW)


def test_publishing_asks_first_and_says_whom_it_reaches_and_from_when(boss):
    publish()
    agreed(2)
    asked = boss.post(url("policy", "fees"), sent(ask_again="on", effective_from="24/11/2026"))
    assert (asked.status_code, PolicyVersion.objects.count()) == (422, 1)
    page = words(asked)
    assert "Version 2 holds from Tuesday 24 November 2026 on." in page
    assert "2 patients who have agreed are asked to agree again, from Tuesday 24 November 2026 on" in page
    assert "Publish, and ask 2 patients again" in page
    sure = {"sure": asked.context["form"].questions_digest}
    # Another patient agrees, or another day is typed: that is another question.
    agreed(1)
    asked = boss.post(url("policy", "fees"), sent(ask_again="on", effective_from="24/11/2026") | sure)
    assert "3 patients" in words(asked)
    sure = {"sure": asked.context["form"].questions_digest}
    assert boss.post(url("policy", "fees"), sent(ask_again="on") | sure).status_code == 422
    assert PolicyVersion.objects.count() == 1
    done = boss.post(url("policy", "fees"), sent(ask_again="on", effective_from="24/11/2026") | sure)
    assert done.url == url("policies")
    assert PolicyVersion.objects.of("fees").first().number == 2


def test_publishing_without_asking_patients_says_so(boss):
    publish()
    agreed(1)
    page = words(boss.post(url("policy", "fees"), sent()))
    assert "Nobody is asked to agree again." in page
    assert "Publish it for good" in page


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"effective_from": "21/11/2026"}, "effective_from"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"effective_from": ""}, "effective_from"),
        ({"changes": ""}, "changes"),
        ({"changes": "x" * 1001}, "changes"),
        ({"seen": ""}, "seen"),
        ({"after": ""}, "after"),
    ],
)
def test_bad_answers_publish_nothing_and_stay_on_the_page(boss, changes, wrong):
    publish()
    response = press(boss, "fees", sent(**changes))
    assert response.status_code == 422
    assert wrong in response.context["form"].errors
    assert PolicyVersion.objects.count() == 1


def test_the_first_needs_no_word_of_what_changed_and_always_asks(boss):
    assert press(boss, "privacy", sent("privacy", changes="")).status_code == 302
    assert PolicyVersion.objects.get().ask_again is True


def test_not_before_a_version_that_is_yet_to_come(boss):
    publish(in_days=10)
    assert boss.get(url("policy", "fees")).context["form"]["effective_from"].value() == date(2026, 12, 2)
    assert press(boss, "fees", sent(effective_from="01/12/2026")).status_code == 422
    assert press(boss, "fees", sent(effective_from="02/12/2026")).status_code == 302
    assert PolicyVersion.objects.of("fees").first().day == "2026-12-02-2"


@pytest.mark.parametrize("kind", ["terms", "settings-", "x"])
def test_no_other_policy_is_there(boss, kind):
    assert boss.get(url("policy", kind)).status_code == 404


# ---- What the policies say -------------------------------------------------------------------------------------------


def typed(form, **changes):
    data = {field.name: field.value() for field in form if field.value() not in (None, "")}
    return data | changes


def test_settings_are_kept_and_are_not_public_before_they_are_published(boss, client):
    publish(PolicyKind.PRIVACY)
    form = boss.get(url("policy_settings")).context["form"]
    response = boss.send(
        url("policy_settings"),
        typed(
            form,
            contact_name="Helen Marsh",
            contact_phone="(03) 9010 1234",
            hosting_name="Hosts Pty Ltd",
            hosting_country="Australia",
            no_show_percent="80",
            privacy_additions="We train students.\r\nAsk us.",
        ),
    )
    assert response.status_code == 302
    own = PolicySettings.objects.get()
    assert own.processors == {"hosting": {"name": "Hosts Pty Ltd", "country": "Australia"}}
    assert (own.no_show_percent, own.privacy_additions) == (80, "We train students.\nAsk us.")
    assert "Helen Marsh" not in client.get("/privacy/").content.decode()
    press(boss, "privacy", sent("privacy"))
    public = client.get("/privacy/").content.decode()
    assert "Helen Marsh" in public
    assert "Hosts Pty Ltd" in public


def test_a_fee_for_not_coming_can_be_taken_back_to_that_for_cancelling_late(boss):
    PolicySettings.objects.create(pk=1, no_show_percent=80)
    form = boss.get(url("policy_settings")).context["form"]
    assert boss.send(url("policy_settings"), typed(form, no_show_percent="")).status_code == 302
    assert PolicySettings.objects.get().no_show_percent is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("retention_years", "6"), ("no_show_percent", "101"), ("contact_email", "x"), ("contact_phone", "ring me")],
)
def test_bad_settings_are_refused(boss, field, value):
    form = boss.get(url("policy_settings")).context["form"]
    response = boss.send(url("policy_settings"), typed(form, **{field: value}))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert not PolicySettings.objects.exists()


def test_a_company_switched_off_keeps_its_name_for_later(boss, settings):
    PolicySettings.objects.create(pk=1, processors={"stripe": {"country": "United States"}})
    form = boss.get(url("policy_settings")).context["form"]
    assert "stripe_country" not in form.fields
    boss.send(url("policy_settings"), typed(form, hosting_country="Australia"))
    settings.STRIPE_SECRET_KEY = "sk"
    form = boss.get(url("policy_settings")).context["form"]
    assert (form["stripe_country"].value(), form["hosting_country"].value()) == ("United States", "Australia")


def test_the_page_costs_the_same_whatever_the_number_of_versions(boss):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(url("policies")).status_code == 200
        return len(queries)

    publish()
    boss.get(url("policies"))
    one = cost()
    for _ in range(15):
        publish()
    boss.get(url("policies"))
    assert cost() == one <= 30
