"""Policies are written from the settings in force, published, and never changed."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import IntegrityError, connection, models, transaction
from django.utils import translation

from portal.appointments import terms
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings, TaxCode
from portal.common import kept
from portal.common.access.actors import Actor
from portal.policies import complaints, document, facts, processors, publishing
from portal.policies.models import ENGLISH, PolicyKind, PolicySettings, PolicyVersion
from portal.policies.refusals import PublishedMeanwhile, TooEarly
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # noon in Melbourne
TODAY = date(2026, 11, 22)
BY = Actor.system("test")


@pytest.fixture
def clinic():
    return make.clinic(legal_name="Banksia Lane Psychology Pty Ltd", abn="51824753556", state="VIC", cancel_hours=48)


def publish(kind=PolicyKind.FEES, effective_from=TODAY, now=NOW, **kwargs):
    return publishing.publish(kind=kind, effective_from=effective_from, by=BY, now=now, **kwargs)


def words(kind=PolicyKind.PRIVACY, **changes):
    """The whole English text from the facts in force, with `changes`."""
    return "\n".join(document.lines(publishing.write(kind, facts.gather(kind) | changes)))


# ---- Publishing ------------------------------------------------------------------------------------------------------


def test_published_is_numbered_dated_and_on_the_trail(clinic):
    first, second = publish(changes="The first."), publish(changes="A correction.")
    third = publish(effective_from=TODAY + timedelta(days=9))
    assert [(v.number, v.day) for v in (first, second, third)] == [
        (1, "2026-11-22"),
        (2, "2026-11-22-2"),
        (3, "2026-12-01"),
    ]
    assert (first.ask_again, second.ask_again) == (True, False)
    entry = Entry.objects.earliest("pk")
    assert (entry.verb, entry.target_code) == ("policy.published", "fees-1")
    assert entry.facts == {"effective_from": "2026-11-22", "ask_again": True}


def test_what_comes_after_a_version_is_published_once(clinic):
    for after in (0, 1):
        publish(after=after)
        with pytest.raises(PublishedMeanwhile):
            publish(after=after)
    assert [version.number for version in PolicyVersion.objects.of(PolicyKind.FEES)] == [2, 1]


def test_the_other_kind_counts_for_itself(clinic):
    publish()
    assert publish(PolicyKind.PRIVACY).number == 1


def test_the_newest_that_has_taken_effect_is_in_force(clinic):
    publish()
    second = publish()
    third = publish(effective_from=TODAY + timedelta(days=9))
    current = PolicyVersion.objects.current
    assert current(PolicyKind.FEES, today=TODAY - timedelta(days=1)) is None
    assert current(PolicyKind.FEES, today=TODAY) == second
    assert current(PolicyKind.FEES, today=TODAY + timedelta(days=9)) == third


@pytest.mark.parametrize("planned", [0, 30])
def test_nothing_takes_effect_before_today_or_before_what_was_published_last(clinic, planned):
    publish(effective_from=TODAY + timedelta(days=planned))
    with pytest.raises(TooEarly) as refused:
        publish(effective_from=TODAY + timedelta(days=planned - 1))
    assert refused.value.earliest == TODAY + timedelta(days=planned)
    assert PolicyVersion.objects.count() == 1


def test_today_is_the_clinics_own():
    make.clinic(time_zone="Pacific/Auckland")
    assert ClinicSettings.current().today(datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_first_versions_are_published_once(clinic):
    assert {v.kind for v in publishing.publish_first(by=BY, now=NOW)} == set(PolicyKind)
    assert publishing.publish_first(by=BY, now=NOW) == []


# ---- Never changes ---------------------------------------------------------------------------------------------------


def refused(sql, *parameters):
    with pytest.raises(IntegrityError) as problem, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    return str(problem.value)


def _other(field):
    match field:
        case models.BooleanField():
            return False
        case models.ForeignKey() | models.IntegerField():
            return 987_654
        case models.DateTimeField():
            return "2020-01-01 00:00:00+00"
        case models.DateField():
            return "2020-01-01"
        case models.JSONField():
            return "{}"
    return "privacy" if field.name == "kind" else "x"


def test_no_column_of_a_version_changes(clinic):
    version = publish()
    for field in PolicyVersion._meta.local_concrete_fields:
        told = refused(
            f'UPDATE policies_policyversion SET "{field.column}" = %s WHERE id = %s', _other(field), version.pk
        )
        assert "A published policy never changes." in told, field.name
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()


def test_a_version_never_goes(clinic):
    publish()
    assert "never changes" in refused("DELETE FROM policies_policyversion")


@pytest.mark.skipif(not django_settings.ON_POSTGRES, reason="TRUNCATE is PostgreSQL's")
def test_versions_are_not_truncated():
    assert "never changes" in refused("TRUNCATE policies_policyversion CASCADE")


@pytest.mark.skipif(django_settings.ON_POSTGRES, reason="OR REPLACE is SQLite's")
@pytest.mark.parametrize("kept", ["id", "number", "day"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_a_version_is_not_replaced(clinic, kept, recursive):
    publish()
    columns = [f.column for f in PolicyVersion._meta.local_concrete_fields]
    other = {"id": "987", "number": "9", "day": "'x'"}
    values = ", ".join(c if c not in other or c == kept else other[c] for c in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive}")
    names = ", ".join(columns)
    told = refused(
        f"INSERT OR REPLACE INTO policies_policyversion ({names}) SELECT {values} FROM policies_policyversion"
    )
    assert "A published policy never changes." in told


def test_no_two_versions_share_a_number_or_a_day(clinic):
    version = publish()
    for same in ({"number": 1, "day": "x"}, {"number": 2, "day": version.day}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyVersion.objects.create(
                **{"kind": "fees", "effective_from": TODAY, "published_at": NOW, "facts": {}, "documents": {}} | same
            )


def test_an_old_version_keeps_its_words(clinic):
    version = publish()
    before = version.documents
    make.clinic(cancel_hours=12, late_fee_percent=100, name="Another name")
    again = PolicyVersion.objects.get(pk=version.pk)
    assert again.documents == before
    assert "48 hours" in json.dumps(before)
    assert "12 hours" not in json.dumps(before)


# ---- True to the settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PolicyKind)
def test_a_text_is_written_from_its_facts_alone(clinic, kind, django_assert_num_queries, settings):
    known = json.loads(json.dumps(facts.gather(kind)))
    before = publishing.write(kind, known)
    settings.STRIPE_SECRET_KEY, settings.STAFF_SECOND_FACTOR = "sk_test", not settings.STAFF_SECOND_FACTOR
    make.clinic(name="Another", cancel_hours=3, notice_hours=99)
    with django_assert_num_queries(0):
        assert publishing.write(kind, known) == before


# What no policy speaks of: a change of it leaves every published word true.
SILENT = {
    *("id", "logo", "is_demo", "time_zone", "slot_step_minutes", "hold_minutes", "invoice_footer"),
    # How a time that was freed is offered on.
    # What is paid at booking is said on the page that asks for it.
    *("ahead", "ahead_first", "deposit_percent"),
    *("freed_times", "offer_minutes", "offers_from", "offers_until"),
    # How messages name the clinic, and when people are reminded.
    "notice_name",
    *("remind_hours", "remind_again_hours", "quiet_from", "quiet_until"),
    # When messages are answered is said above them.
    "message_days",
    # Whom worrying answers go to is said where they are answered.
    *("alert_minutes", "duty_psychologist"),
}
# They are said, but not with their own words: whether there is an account, and an address.
OTHERS = {
    "bank_account": "12345678",
    "gst_registered": True,
    "phone": "+61390101234",
    "email": "new@example.com",
    "abn": "53004085616",
    "state": "QLD",
    "postcode": "3000",
    "who_books": "known",
    "how_booked": "at_once",
}


@pytest.mark.parametrize("name", sorted({f.name for f in ClinicSettings._meta.local_concrete_fields} - SILENT))
def test_every_setting_of_the_clinic_that_could_make_a_text_false_is_a_fact(name):
    make.clinic(name="Banksia", abn="51824753556", street="1 Lane St", suburb="Coburg", state="VIC", postcode="3058")
    make.clinic(how_booked="on_request")
    make.service(tax_code=TaxCode.TAXABLE)
    if name in {"bank_name", "bank_bsb"}:
        return  # never printed: the text says only whether one can pay by transfer
    before = {kind: facts.gather(kind) for kind in PolicyKind}
    field = ClinicSettings._meta.get_field(name)
    value = OTHERS.get(name, 17 if isinstance(field, models.IntegerField) else "Other")
    # The second fee and its hours come together.
    pair = {"near_hours": 17, "near_fee_percent": 90} if name.startswith("near_") else {}
    make.clinic(**{name: value} | pair)
    assert any(facts.gather(kind) != before[kind] for kind in PolicyKind)


@pytest.mark.parametrize(
    "changed",
    [
        {"contact_name": "Jo"},
        {"contact_email": "jo@example.com"},
        {"contact_phone": "+61390101234"},
        {"contact_address": "PO Box 1"},
        {"retention_years": 10},
        {"processors": {"hosting": {"name": "Hosts", "country": "Japan"}}},
        {"no_show_percent": 80},
        {"waive_first": True},
        {"charge_after_hours": 24},
        {"waiver": "If you are ill."},
        {"privacy_additions": "More."},
        {"fees_additions": "More."},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_setting_of_the_policies_changes_the_text(clinic, changed):
    before = {kind: words(kind) for kind in PolicyKind}
    PolicySettings.objects.create(pk=1, **changed)
    assert {kind: words(kind) for kind in PolicyKind} != before


def test_every_setting_of_the_policies_is_tried_above():
    tried = test_every_setting_of_the_policies_changes_the_text.pytestmark[0].args[1]
    fields = {f.name for f in PolicySettings._meta.local_concrete_fields} - {"id"}
    assert {name for changed in tried for name in changed} == fields


@pytest.mark.parametrize("kind", PolicyKind)
def test_every_fact_has_a_name_for_the_manager(clinic, kind):
    assert set(facts.gather(kind)) <= set(facts.LABELS)


# Settings of the server that reach nobody outside, and are no matter of the policies.
TO_NOBODY = {
    *("PORTAL_ENV", "PORTAL_DATA_DIR", "DEBUG", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "PORTAL_ENCRYPTION_KEYS"),
    *("TRAIL_KEY", "TRAIL_KEY_FALLBACKS", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "BEHIND_PROXY", "TRUSTED_PROXIES"),
    *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "DATABASE_POOL", "DATABASE_POOL_SIZE", "STATIC_ROOT", "LOG_LEVEL"),
    *("ACCESS_LOG", "LOG_JSON", "OUTSIDE_CALENDARS_OVER_HTTP"),
    *("DEFAULT_FROM_EMAIL", "MFA_TOTP_ISSUER", "WORKERS", "TIME_ZONE", "PORTAL_IN_WORKER", "PORTAL_RATE_LIMITS_OFF"),
    *("PORTAL_PAGE_CACHE", "PUBLIC_PAGES_FOR", "PAGE_CACHE_SECONDS"),
    *("MOST_HOLDS_FROM_ONE_ADDRESS", "MOST_HOLDS_OF_ONE_ACCOUNT"),
}
# Said in the policy by their own facts.
FACTS = {"PORTAL_BASE_URL", "STAFF_SECOND_FACTOR", "STAFF_IDLE_MINUTES", "PATIENT_IDLE_MINUTES"}
# How long a sign-in holds at most: the longer of both is a fact.
FACTS |= {"STAFF_SESSION_HOURS", "PATIENT_SESSION_DAYS"}


def test_every_setting_of_the_server_is_known_to_reach_nobody_or_is_in_the_policy():
    """A new service from outside must be named in the privacy policy: APP 1.4 and APP 8."""
    source = (Path(django_settings.BASE_DIR) / "portal" / "settings.py").read_text()
    named = set(re.findall(r"""(?:\benv\.\w+|\brequired)\(\s*["']([A-Z0-9_]+)["']""", source))
    assert {"DATABASE_URL", "EMAIL_URL", "SECRET_KEY"} <= named
    assert named - TO_NOBODY - FACTS - processors.READ == set()


def test_every_model_with_personal_fields_is_of_a_kind_that_the_policy_tells_of():
    holding = {
        model._meta.app_label
        for model in apps.get_models()
        if (privacy := vars(model).get("privacy")) and (privacy.personal or privacy.clinical)
    }
    assert holding - {"sealed"} <= set(facts.KINDS)
    told = {kind: words(kinds=[kind]) for kind in facts.kinds_held()}
    assert len(set(told.values())) == len(told)


# ---- What the privacy policy says ------------------------------------------------------------------------------------


def test_processors_are_named_only_while_they_are_in_use(clinic, settings, monkeypatch):
    def named():
        return {each["key"]: each["name"] for each in facts.gather("privacy")["processors"]}

    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    # Put back afterwards: the connection reads the same dictionary when it opens again.
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "")
    assert named() == {"hosting": ""}
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "smtp.post.example"
    settings.STRIPE_SECRET_KEY, settings.TWILIO_ACCOUNT_SID = "sk", "AC1"
    settings.REDIS_URL = "redis://:secret@cache.example:6379/0"
    assert named() == {
        "hosting": "",
        "memory": "cache.example",
        "mail": "smtp.post.example",
        "stripe": "Stripe",
        "twilio": "Twilio",
    }
    assert "secret" not in words()
    assert "Stripe" in words()


def test_countries_are_said_or_said_to_be_missing(clinic, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "smtp.post.example"
    assert (
        "We have not yet written down in which country these keep it: Our hosting provider, smtp.post.example"
        in words()
    )
    PolicySettings.objects.create(
        pk=1, processors={"hosting": {"country": "Australia"}, "mail": {"name": "Post", "country": "Ireland"}}
    )
    text = words()
    assert "Post: Ireland" in text
    assert "not yet written down" not in text
    PolicySettings.objects.update(processors={"hosting": {"country": "Australia"}, "mail": {"country": "Australia"}})
    assert "keep your information in Australia" in words()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"notice_hours": 1, "horizon_days": 30}, "from 1 hour to 30 days ahead"),
        ({"notice_hours": 12}, "from 12 hours to"),
        ({"max_open_bookings": 3}, "or 3 sessions booked already"),
        ({"cancel_hours": 24}, "Until 24 hours before it begins."),
        ({"grace_minutes": 20}, "After a later booking: for 20 minutes."),
        ({"late_fee_percent": 75}, "75% of the price, if you cancel after the free time"),
    ],
)
def test_what_programs_decide_is_told_with_the_rule_in_force(clinic, changes, said):
    assert said not in words() or changes.items() <= facts.gather("privacy").items()
    assert said in words(**changes)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("fees", "free of charge for %s after we confirm it, until it begins."),
        ("privacy", "Once we confirm what you asked for: for %s."),
    ],
)
def test_what_is_asked_for_is_free_to_cancel_for_hours_once_it_is_confirmed(clinic, kind, said):
    service = make.service()
    make.clinic(cancel_hours=48, late_fee_percent=50, grace_minutes=15)
    assert said % "12 hours" not in words(kind)
    type(service).objects.update(how_booked="on_request")
    assert said % "12 hours" in words(kind)
    # As the terms promise it: never less than whoever books at once has.
    ClinicSettings.objects.update(grace_minutes=20 * 60)
    assert said % "20 hours" in words(kind)
    booked = terms.promised_now(service, clinic=ClinicSettings.current(), may_be_asked=True)
    assert booked["grace_minutes"] == 20 * 60
    # At the desk alone nobody asks for anything.
    type(service).objects.update(online=False)
    assert said % "20 hours" not in words(kind)


def test_no_fee_no_line_about_it(clinic):
    assert "A fee for cancelling late" in words()
    assert "A fee for cancelling late" not in words(late_fee_percent=0)


@pytest.mark.parametrize("state", sorted(complaints.OF_STATE))
def test_complaints_go_to_the_bodies_of_the_states_where_the_clinic_works(clinic, state):
    make.clinic(state=state)
    text = words()
    assert {code for code, body in complaints.OF_STATE.items() if body in text} == {state}
    assert complaints.OAIC in text


def test_states_are_those_of_the_places_in_use(clinic):
    make.location(state="NSW")
    make.location(state="QLD", is_active=False)
    assert facts.gather("privacy")["states"] == ["NSW", "VIC"]


def test_retention_names_the_law_only_where_there_is_one(clinic):
    assert "The law where we work and our profession ask for it." in words(states=["NSW"])
    assert "Our profession asks for it." in words(states=["QLD"])
    assert "at least 9 years after the last session, and until they turn 25" in words(retention_years=9)


def test_what_is_not_offered_is_not_described(clinic):
    assert "Sessions by video or phone" in words(video=True, phone_sessions=False)
    assert "Sessions by video or phone" not in words(video=False, phone_sessions=False)
    assert "second step" not in words(second_factor=False)
    assert "between your browser and us is encrypted" not in words(https=False)


def test_own_words_stand_at_the_end_as_typed(clinic):
    PolicySettings.objects.create(pk=1, privacy_additions="We train <b>students</b>.\n\nAsk us.")
    last = publishing.write("privacy", facts.gather("privacy"))["sections"][-1]
    assert last["blocks"] == [
        {"kind": "own", "text": "We train <b>students</b>."},
        {"kind": "own", "text": "Ask us."},
    ]


# ---- What the fees policy says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "example"),
    [
        (1, "it is free until 9:00 am on the same day."),
        (12, "it is free until Tuesday at 10:00 pm."),
        (24, "it is free until Tuesday at 10:00 am."),
        (48, "it is free until Monday at 10:00 am."),
        (336, "it is free until 10:00 am 14 days before."),
    ],
)
def test_the_example_is_worked_out_from_the_setting(clinic, hours, example):
    assert f"For a session on Wednesday at 10:00 am, {example}" in words("fees", cancel_hours=hours)


def test_fees_follow_their_settings(clinic):
    text = words("fees", cancel_hours=48, late_fee_percent=50, no_show_percent=100)
    assert "until 48 hours before it begins. After that, cancelling costs 50% of the price." in text
    assert "have not cancelled, the fee is 100% of the price." in text
    assert "free of charge for 15 minutes after you book" in text
    assert "after you book" not in words("fees", grace_minutes=0)
    assert "after we confirm it" not in text
    free = words("fees", late_fee_percent=0, no_show_percent=0)
    assert "after you book" not in free
    assert "We charge no fee for sessions that were cancelled or missed." in free
    assert "%" not in free
    assert "bank transfer" not in words("fees", bank_transfer=False)
    assert "Medicare pays no rebate for our services." in words("fees", medicare=False)


def test_the_fee_for_not_coming_is_that_for_cancelling_late_unless_said(clinic):
    make.clinic(late_fee_percent=40)
    assert facts.gather("fees")["no_show_percent"] == 40
    own = PolicySettings.objects.create(pk=1, no_show_percent=0)
    assert facts.gather("fees")["no_show_percent"] == 0
    own.delete()


# ---- Drift -----------------------------------------------------------------------------------------------------------


def test_nothing_published_is_worth_publishing(clinic):
    found = publishing.drift("fees")
    assert found.is_unpublished
    assert found


def test_what_changed_since_is_named_with_both_values_and_marked_in_the_text(clinic):
    publish()
    assert not publishing.drift("fees")
    make.clinic(cancel_hours=24, bank_account="123")
    found = publishing.drift("fees")
    assert [(d.key, d.before, d.after) for d in found.settings] == [
        ("cancel_hours", "48", "24"),
        ("bank_transfer", "no", "yes"),
    ]
    assert found.is_untrue
    pieces = {(piece.kind, piece.text) for paragraph in found.paragraphs for piece in paragraph.pieces}
    assert {("removed", "48"), ("added", "24")} <= pieces
    publish()
    assert not publishing.drift("fees")


def test_a_version_that_is_yet_to_take_effect_is_the_one_compared_with(clinic):
    publish()
    make.clinic(cancel_hours=24)
    publish(effective_from=TODAY + timedelta(days=30))
    assert not publishing.drift("fees")


def test_new_words_of_the_portal_itself_are_noticed_though_every_fact_is_the_same(clinic, monkeypatch):
    publish()

    def rewritten(known):
        return {"title": "Fees", "summary": ["Newly written."], "sections": []}

    monkeypatch.setitem(publishing.WRITERS, PolicyKind.FEES, rewritten)
    found = publishing.drift("fees")
    assert (found.settings, found.is_untrue) == ([], False)
    assert found.is_worth_publishing
    assert not publishing.drift("fees", in_full=False)


def test_drifts_cost_the_same_however_many_versions_there_are(clinic, django_assert_max_num_queries):
    for _ in range(5):
        publish()
    publish(PolicyKind.PRIVACY)
    # The stamp, and what stands under it: two versions, the clinic, its places and services, the policies' own row.
    with kept.one_stamp(), django_assert_max_num_queries(7):
        assert [bool(found) for found in publishing.drifts()] == [False, False]


# ---- Languages -------------------------------------------------------------------------------------------------------


def in_two_languages(known):
    arabic = translation.get_language() == "ar"
    return {"title": "رسوم" if arabic else "Fees", "summary": [], "sections": []}


def test_a_version_keeps_its_text_in_each_language_that_has_one(clinic, monkeypatch):
    monkeypatch.setitem(publishing.WRITERS, PolicyKind.FEES, in_two_languages)
    version = publish()
    assert set(version.documents) == {ENGLISH, "ar"}
    assert version.document("ar") == ({"title": "رسوم", "summary": [], "sections": []}, "ar")
    assert version.document("vi")[1] == ENGLISH
    monkeypatch.undo()
    assert PolicyVersion.objects.get().document("ar")[0]["title"] == "رسوم"


@pytest.mark.parametrize("language", [code for code, _name in django_settings.LANGUAGES])
@pytest.mark.parametrize("kind", PolicyKind)
def test_every_language_writes_the_whole_text(clinic, kind, language):
    """A placeholder that a translator broke would raise here."""
    make.service(first_visit_only=True)
    english, other = (publishing.write(kind, facts.gather(kind), language=code) for code in (ENGLISH, language))
    assert [part["key"] for part in other["sections"]] == [part["key"] for part in english["sections"]]
    assert len(document.lines(other)) == len(document.lines(english))
    assert not re.search(r"%\(\w+\)", "\n".join(document.lines(other)))


@pytest.mark.parametrize("kind", list(PolicyKind))
def test_chinese_has_no_spaces_between_its_sentences(clinic, kind):
    # Cells of a table are told apart by a point of their own.
    lines = document.lines(publishing.write(kind, facts.gather(kind), language="zh-hans"))
    text = [cell for line in lines for cell in line.split(" · ")]
    assert len(text) > 20
    spaced = re.compile("[\u3400-\u9fff，。：；？！、（）] +[\u3400-\u9fff]|[，。：；？！、（）] ")
    assert [cell for cell in text if spaced.search(cell)] == []


def test_settings_are_changed_with_a_line_that_names_the_fields(clinic):
    own = publishing.update_settings(values={"waiver": "If you are ill.", "retention_years": 7}, by=BY, now=NOW)
    assert own.waiver == "If you are ill."
    assert [(e.verb, e.facts) for e in Entry.objects.all()] == [("policy_settings.changed", {"fields": ["waiver"]})]
    publishing.update_settings(values={"waiver": "If you are ill."}, by=BY, now=NOW)
    assert Entry.objects.count() == 1
