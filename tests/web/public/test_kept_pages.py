"""Pages whose parts are kept drawn say what they would say if nothing were kept, and nothing of who saw them before."""

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from portal.accounts.models import User
from portal.appointments.models import WorkingHours
from portal.clinic.models import ClinicSettings, Language, Location, OwnFee, Psychologist, Service, Specialisation
from portal.common import kept
from portal.common.kept import stamp
from portal.medicare.models import MbsItem
from portal.policies.models import PolicySettings
from portal.website.models import CrisisLine, SiteText
from portal.website.texts import key_of
from tests import make

pytestmark = pytest.mark.django_db

PAGES = ["/", "/psychologists/", "/services/", "/fees/", "/privacy/", "/book/"]
LANGUAGES = ["", "/zh-hans", "/vi", "/ar"]
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|"x-csrftoken": "[^"]+"')


@pytest.fixture(autouse=True)
def clinic(time_machine):
    """Two people, two services, a place, a text and topics of every kind that the pages name."""
    time_machine.move_to(NOW, tick=False)
    make.clinic(notice_hours=0, horizon_days=60, phone="+61390000000", street="1 Lane St", suburb="Brunswick")
    place = make.location(name="Brunswick", directions="Ring twice.")
    first = make.service(name="First visit", description="We meet.", first_visit_only=True)
    second = make.service(name="Session")
    for name, topic in (("Mai", "Grief"), ("Tom", "Sleep")):
        person = make.psychologist(
            user=make.user(first_name=name, last_name="Tran"),
            services=(first, second),
            languages=[make.language(name=f"Speech of {name}")],
            specialisations=[make.specialisation(name=topic)],
            headline=f"What {name} does",
        )
        make.week(psychologist=person, location=place)


def page(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return TOKEN.sub("TOKEN", response.content.decode())


def drawn_anew(client, path):
    kept.renew(connection)
    return page(client, path)


CHANGES = {
    "a name": lambda: User.objects.filter(first_name="Mai").update(last_name="Nguyen"),
    "a headline": lambda: Psychologist.objects.update(headline="Other <words>"),
    "a photo": lambda: Psychologist.objects.update(photo="psychologists/abc-640x640.jpg"),
    "who takes people": lambda: Psychologist.objects.filter(user__first_name="Mai").update(accepting_patients=False),
    "who practises": lambda: Psychologist.objects.filter(user__first_name="Mai").update(is_active=False),
    "a way of meeting": lambda: Psychologist.objects.update(in_person=False),
    "services of one": lambda: Psychologist.objects.first().services.remove(Service.objects.get(name="Session")),
    "languages of one": lambda: Psychologist.objects.first().languages.clear(),
    "topics of one": lambda: Psychologist.objects.first().focuses.all().delete(),
    "a language": lambda: Language.objects.filter(name="Speech of Mai").update(name="Another"),
    "a topic": lambda: Specialisation.objects.filter(name="Grief").update(name="Loss"),
    "an own fee": lambda: OwnFee.objects.create(
        psychologist=Psychologist.objects.first(), service=Service.objects.get(name="Session"), fee=Decimal("99.00")
    ),
    "a fee": lambda: Service.objects.update(fee=Decimal("311.00")),
    "a service": lambda: Service.objects.filter(name="Session").update(name="Hour"),
    "a service is gone": lambda: Service.objects.filter(name="Session").update(is_active=False),
    "a place": lambda: Location.objects.update(name="Carlton"),
    "a place is gone": lambda: Location.objects.update(is_active=False),
    "hours are gone": lambda: WorkingHours.objects.all().delete(),
    "hours": lambda: WorkingHours.objects.update(starts=time(10, 30)),
    "settings": lambda: ClinicSettings.objects.update(phone="+61391111111", cancel_hours=7, hold_minutes=9),
    "a Medicare item": lambda: MbsItem.objects.update(benefit=Decimal("12.35")),
    "a text": lambda: SiteText.objects.create(key="home.title", language="en-au", text="Sit down.", changed_at=NOW),
    "a text of a row": lambda: SiteText.objects.create(
        key=key_of(Service.objects.get(name="Session"), "name"), language="vi", text="Buổi", changed_at=NOW
    ),
    "a crisis line": lambda: CrisisLine.objects.update(number="13 00 00"),
    "what the policies need": lambda: PolicySettings.objects.create(pk=1, waiver="When you are ill."),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_on_every_page_at_once(client, change):
    paths = [*PAGES, "/vi/", "/vi/psychologists/", "/vi/services/"]
    before = {path: page(client, path) for path in paths}
    change()
    after = {path: page(client, path) for path in paths}
    assert {path for path in paths if after[path] != before[path]}
    assert after == {path: drawn_anew(client, path) for path in paths}


@pytest.mark.parametrize("path", PAGES)
def test_each_language_keeps_its_own(client, path):
    alone = {language: drawn_anew(client, f"{language}{path}") for language in LANGUAGES}
    assert len(set(alone.values())) == len(LANGUAGES)
    assert {language: page(client, f"{language}{path}") for language in reversed(LANGUAGES)} == alone


@pytest.mark.parametrize("path", PAGES)
def test_who_is_signed_in_leaves_nothing_for_the_next(client, path):
    unread = drawn_anew(client, path)
    kept.renew(connection)
    signed_in = make.client_for(make.user(first_name="Zacharias", last_name="Quill"))
    assert page(signed_in, path) != unread
    assert page(client, path) == unread


def test_the_prices_are_those_of_the_day(client, time_machine):
    """A rebate that ends today is on no page tomorrow, though no row has changed since."""
    MbsItem.objects.in_force(on=NOW.date()).update(valid_until=NOW.date())
    paths = ["/", "/services/", "/fees/"]
    today = [page(client, path) for path in paths]
    time_machine.move_to(NOW + timedelta(days=2), tick=False)
    later = [page(client, path) for path in paths]
    assert ["after Medicare" in html or "After Medicare" in html for html in today] == [True] * 3
    assert later == [drawn_anew(client, path) for path in paths]
    assert "no rebate" in later[1]
    assert "no rebate" not in today[1]


def test_choices_are_drawn_alike_with_and_without_one_in_force(client):
    """The form stands on the shelf while nothing is chosen; with a choice it is drawn for its reader alone."""
    form = re.compile(r"<form method=\"get\" class=\"finder\".*?</form>", re.DOTALL)
    plain, named = (form.search(page(client, path))[0] for path in ("/psychologists/", "/psychologists/?q=mai"))
    assert named == plain.replace('name="q" value=""', 'name="q" value="mai"')
    assert named != plain
    assert form.search(page(client, "/psychologists/"))[0] == plain


def test_the_stamp_is_all_that_a_standing_page_asks(client, django_assert_num_queries):
    page(client, "/services/")
    with django_assert_num_queries(1) as asked:
        page(client, "/services/")
    assert stamp.TABLE in asked.captured_queries[0]["sql"]
