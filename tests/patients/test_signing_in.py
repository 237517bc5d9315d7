"""Which account opens whose record: two proofs, one answer for everything that fails."""

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.audit.models import Entry
from portal.billing.models import Invoice
from portal.common.access.actors import Actor
from portal.notifications.models import Notice, State
from portal.patients import signing_in
from portal.patients.models import MailedLink, Patient, WrongBirthDate
from portal.patients.refusals import LinkClosed, NoAccountYet, NoAddress, RecordHasAccount, UserHasRecord
from portal.patients.search import search
from tests import make

pytestmark = pytest.mark.django_db

BORN = date(1990, 5, 17)
TODAY = date(2026, 11, 29)
HOME = "home@example.com"


@pytest.fixture(autouse=True)
def _clinic(db):
    make.clinic()


@pytest.fixture
def desk():
    return make.actor(role=Role.RECEPTION)


def person(first="Mai", *, born=BORN, email=HOME, **fields):
    return make.patient(legal_first_name=first, date_of_birth=born, email=email, **fields)


def ask(user, first="Mai", *, born=BORN, relationship=None, token="", now=None):
    return signing_in.claim(
        user=user,
        first_name=first,
        date_of_birth=born,
        relationship=relationship,
        token=token,
        by=Actor(user=user, role=Role.PATIENT),
        now=now or timezone.now(),
        today=TODAY,
    )


def account(email=HOME, first_name="Mai"):
    return make.user(email=email, first_name=first_name)


def test_they_reach_the_record_that_the_desk_made():
    patient, user = person(legal_last_name="Nguyễn"), make.user(email=HOME, first_name="mai", last_name="N")
    assert ask(user) == patient
    patient.refresh_from_db()
    user.refresh_from_db()
    assert (patient.user, patient.email, user.name) == (user, HOME, "Mai Nguyễn")
    linked = Entry.objects.get(verb="patient.linked")
    assert (linked.actor_id, linked.facts) == (str(user.pk), {"user": user.pk, "how": "claimed"})
    assert Notice.objects.get(template="account/record_opened").to == HOME


@pytest.mark.parametrize(
    "wrong",
    [
        {"born": date(1990, 5, 18)},
        {"first": "Anna"},
        {"first": ""},
        {"relationship": "partner"},
    ],
)
def test_whatever_is_wrong_gives_the_one_answer(wrong):
    patient, user = person(), account()
    assert ask(user, **wrong) is None
    patient.refresh_from_db()
    assert (patient.user, patient.carers.count(), WrongBirthDate.objects.count()) == (None, 0, 1)


def test_another_address_opens_nothing():
    person()
    assert ask(account("other@example.com")) is None


def test_an_address_that_was_not_verified_opens_nothing():
    person()
    user = account()
    EmailAddress.objects.update(verified=False)
    assert ask(user) is None


def test_the_desks_capitals_do_not_matter():
    patient = person(email="Home@Example.com")
    assert ask(account()) == patient


def test_a_couple_at_one_address_are_told_apart():
    mai, tom = person("Mai"), person("Tom")
    user = account(first_name="Tom")
    assert ask(user, "Tom") == tom
    mai.refresh_from_db()
    assert mai.user is None


def test_whoever_knows_the_others_birth_date_does_not_get_in_by_their_own_name():
    person("Tom", born=date(1985, 1, 2))
    assert ask(account(), "Mai", born=date(1985, 1, 2)) is None


@pytest.mark.parametrize("name", ["Mai", "MÁI", "Bảo", "Mai Lan"])
def test_the_account_bears_the_records_name_as_the_search_reads_it(name):
    patient = person("Mai", preferred_name="Bao")
    assert ask(account(first_name=name), "Mai") == patient


def test_of_two_whom_the_account_may_be_the_desk_says_which():
    person("Mai", born=date(1960, 1, 2)), person()
    assert ask(account()) is None


def test_a_child_of_the_parents_name_is_opened_as_oneself_by_invitation_only(desk):
    born = date(2010, 3, 4)
    child = person("Mai", born=born)
    assert ask(account("other@example.com"), born=born) is None
    user = account()
    assert ask(user, born=born) is None
    signing_in.invite(patient=child, by=desk, now=timezone.now())
    assert ask(user, born=born, token=token_in(Notice.objects.get())) == child


def test_an_invitation_opens_nothing_to_an_account_of_another_name(desk):
    patient = person()
    signing_in.invite(patient=patient, by=desk, now=timezone.now())
    assert ask(account(first_name="Hugo"), token=token_in(Notice.objects.get())) is None


def test_a_parent_gets_to_care_for_the_child_and_is_not_the_child():
    child = person("Mia", born=date(2015, 3, 4))
    parent = make.user(email=HOME, first_name="Hue")
    assert ask(parent, "Mia", born=date(2015, 3, 4), relationship="parent") == child
    child.refresh_from_db()
    carer = child.carers.get()
    assert (child.user, carer.user, carer.relationship, carer.is_billed) == (None, parent, "parent", True)
    # Again changes nothing.
    assert ask(parent, "Mia", born=date(2015, 3, 4), relationship="parent") == child
    assert child.carers.count() == 1


def test_twins_are_told_apart_by_name():
    born = date(2015, 3, 4)
    mia, leo = person("Mia", born=born), person("Leo", born=born)
    parent = account()
    assert ask(parent, "Leo", born=born, relationship="parent") == leo
    assert not mia.carers.exists()


def test_grown_ups_are_not_claimed_by_those_who_care_for_them():
    person("Tom", born=date(2008, 11, 29))
    assert ask(account(), "Tom", born=date(2008, 11, 29), relationship="parent") is None


def test_two_records_of_one_name_and_date_are_for_the_desk():
    person(), person()
    assert ask(account()) is None


def test_a_record_that_has_an_account_is_not_found():
    other = account("other@example.com")
    patient = person(user=other)
    Patient.objects.filter(pk=patient.pk).update(email=HOME)
    assert ask(account()) is None


def test_an_account_with_a_record_gets_no_second_one_for_itself():
    user = account()
    make.patient(user=user, email=HOME)
    person()
    assert ask(user) is None


# ---- Guessing -------------------------------------------------------------------------------------------------------


def guess(user, times, **more):
    for day in range(1, times + 1):
        assert ask(user, born=date(1991, 1, day), **more) is None


def test_after_five_wrong_dates_the_right_one_opens_nothing():
    person()
    user = account()
    guess(user, 5)
    assert ask(user) is None
    # Nor by another account that comes to have the address.
    EmailAddress.objects.filter(user=user).delete()
    user.email = "elsewhere@example.com"
    user.save()
    assert ask(account()) is None


def test_after_four_it_does():
    patient, user = person(), account()
    guess(user, 4)
    assert ask(user) == patient


def test_a_month_later_it_does():
    patient, user = person(), account()
    guess(user, 5)
    assert ask(user, now=timezone.now() + timedelta(days=31)) == patient


def test_the_same_is_written_whether_or_not_somebody_is_a_patient(django_assert_num_queries):
    """What fails costs the same statements, whatever is on file."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    person(email="known@example.com", born=date(1980, 1, 1))
    counts = []
    for email in ("known@example.com", "unknown@example.com"):
        user = account(email)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert ask(user) is None
        counts.append([query["sql"].split()[0] for query in queries])
    assert counts[0] == counts[1]


# ---- By the desk ----------------------------------------------------------------------------------------------------


def test_linking(desk):
    patient, user = person(email="old@example.com"), account()
    signing_in.link_account(patient=patient, user=user, by=desk, now=timezone.now())
    signing_in.link_account(patient=patient, user=user, by=desk, now=timezone.now())
    patient.refresh_from_db()
    assert (patient.user, patient.email) == (user, HOME)
    assert Entry.objects.filter(verb="patient.linked").count() == 1
    assert {notice.to for notice in Notice.objects.filter(template="account/record_opened")} == {
        HOME,
        "old@example.com",
    }
    # The desk finds them by the address they sign in with.
    assert search(Patient.objects.all(), HOME) == [patient]


def test_linking_what_is_linked(desk):
    user = account()
    taken = make.patient(user=make.user())
    with pytest.raises(RecordHasAccount):
        signing_in.link_account(patient=taken, user=user, by=desk, now=timezone.now())
    make.patient(user=user)
    with pytest.raises(UserHasRecord):
        signing_in.link_account(patient=person(), user=user, by=desk, now=timezone.now())


@pytest.mark.parametrize(("reason", "kept"), [("wrong_person", ""), ("asked", HOME)])
def test_unlinking_signs_out_everywhere(desk, reason, kept):
    user = account()
    patient = person(user=user)
    client = make.client_for(user)
    assert client.get("/my/").status_code == 200
    signing_in.unlink_account(patient=patient, reason=reason, by=desk, now=timezone.now())
    assert client.get("/my/").status_code == 302
    patient.refresh_from_db()
    assert (patient.user, patient.email) == (None, kept)
    assert Entry.objects.get(verb="patient.unlinked").facts == {"user": user.pk, "reason": reason}
    with pytest.raises(NoAccountYet):
        signing_in.unlink_account(patient=patient, reason=reason, by=desk, now=timezone.now())


def test_after_unlinking_nothing_of_the_record_is_seen(desk):
    user = account()
    patient = person(user=user)
    session = make.appointment(patient=patient)
    actor = Actor(user=user, role=Role.PATIENT)
    assert Appointment.objects.visible_to(actor).get() == session
    signing_in.unlink_account(patient=patient, reason="wrong_person", by=desk, now=timezone.now())
    assert not Appointment.objects.visible_to(actor).exists()
    assert not Invoice.objects.visible_to(actor).exists()


# ---- Invitations ----------------------------------------------------------------------------------------------------


def token_in(notice):
    return next(word for word in notice.text.split() if "/link/" in word).strip("/").rsplit("/", 1)[-1]


def test_an_invitation_in_their_language(desk):
    patient = person(language="vi")
    link = signing_in.invite(patient=patient, by=desk, now=timezone.now())
    notice = Notice.objects.get(template="account/record_invitation")
    assert (notice.to, notice.language, notice.secret) == (HOME, "vi", True)
    assert "/vi/link/" in notice.text
    assert patient.legal_first_name not in notice.text
    assert (link.email, link.sent_by) == (HOME, desk.user)


def test_an_invitation_opens_the_record_to_an_account_at_another_address(desk):
    patient = person()
    signing_in.invite(patient=patient, by=desk, now=timezone.now())
    token = token_in(Notice.objects.get())
    user = account("other@example.com")
    assert ask(user, born=date(1990, 5, 18), token=token) is None
    assert ask(user, token=token) == patient
    link = MailedLink.objects.get()
    assert (link.used_by, link.wrong_dates) == (user, 1)
    # Once.
    signing_in.unlink_account(patient=patient, reason="asked", by=desk, now=timezone.now())
    assert ask(account(None), token=token) is None


@pytest.mark.parametrize("spoil", ["withdrawn", "expired", "replaced", "guessed"])
def test_an_invitation_that_is_good_no_more(desk, spoil):
    patient, now = person(), timezone.now()
    signing_in.invite(patient=patient, by=desk, now=now)
    token = token_in(Notice.objects.get())
    match spoil:
        case "withdrawn":
            signing_in.withdraw_invitation(patient=patient, by=desk, now=now)
            assert Notice.objects.get().state == State.WITHDRAWN
        case "expired":
            now += timedelta(days=7)
        case "replaced":
            signing_in.invite(patient=patient, by=desk, now=now + timedelta(minutes=2))
        case "guessed":
            # By five people: each has tries of their own, the link has not.
            for day in range(1, 6):
                ask(account(None), born=date(1991, 1, day), token=token)
    assert ask(account(None), token=token, now=now) is None


def test_pressed_twice_one_invitation_goes_out(desk):
    patient, now = person(), timezone.now()
    for _ in range(2):
        signing_in.invite(patient=patient, by=desk, now=now)
    assert (MailedLink.objects.count(), Notice.objects.count()) == (1, 1)


def test_nobody_to_invite(desk):
    with pytest.raises(NoAddress):
        signing_in.invite(patient=person(email=""), by=desk, now=timezone.now())
    with pytest.raises(RecordHasAccount):
        signing_in.invite(patient=make.patient(user=make.user()), by=desk, now=timezone.now())
    with pytest.raises(LinkClosed):
        signing_in.withdraw_invitation(patient=person(), by=desk, now=timezone.now())


def test_the_database_keeps_one_link_of_a_kind(desk):
    patient = person()
    fields = {"patient": patient, "purpose": "invitation", "sent_at": timezone.now(), "email": HOME}
    fields["expires_at"] = fields["sent_at"] + timedelta(days=1)
    MailedLink.objects.create(token_hash="a", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        MailedLink.objects.create(token_hash="b", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        MailedLink.objects.create(token_hash="c", **fields | {"closed_at": timezone.now()})
    assert User.objects.count() >= 1
