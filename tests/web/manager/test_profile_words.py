import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import Language, Specialisation
from tests import make

pytestmark = pytest.mark.django_db

PAGE, TOPICS, LANGUAGES = (
    "/manage/staff/words/",
    "/manage/staff/words/specialisations/",
    "/manage/staff/words/languages/",
)


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER)


def test_adding(boss):
    for name in ("Grief", "  grief ", "Trauma & loss", "悲伤"):
        assert boss.post(TOPICS, {"name": name}).url == PAGE
    assert list(Specialisation.objects.order_by("pk").values_list("name", "slug")) == [
        ("Grief", "grief"),
        ("Trauma & loss", "trauma-loss"),
        ("悲伤", "topic"),
    ]
    for code in ("vi", "asf"):
        boss.post(LANGUAGES, {"code": code})
    assert dict(Language.objects.values_list("code", "name")) == {"vi": "Tiếng Việt", "asf": "Auslan"}
    assert Entry.objects.filter(verb__in=["specialisation.added", "language.added"]).count() == 5
    page = boss.get(PAGE)
    assert "vi" not in dict(page.context["language_form"].fields["code"].choices)


@pytest.mark.parametrize(
    ("url", "data"),
    [(TOPICS, {"name": ""}), (TOPICS, {"name": "x" * 81}), (LANGUAGES, {"code": ""}), (LANGUAGES, {"code": "tlh"})],
)
def test_bad_input(boss, url, data):
    response = boss.post(url, data)
    assert response.status_code == 422
    assert Specialisation.objects.count() + Language.objects.count() == 0


def test_what_a_profile_names_stays(boss):
    grief, vietnamese = make.specialisation(name="Grief"), make.language(code="vi", name="Tiếng Việt")
    psychologist = make.psychologist(specialisations=(grief,), languages=(vietnamese,))
    boss.post(TOPICS, {"remove": grief.slug})
    boss.post(LANGUAGES, {"remove": "vi"})
    assert (Specialisation.objects.count(), Language.objects.count()) == (1, 1)
    psychologist.specialisations.clear()
    psychologist.languages.clear()
    boss.post(TOPICS, {"remove": grief.slug})
    boss.post(LANGUAGES, {"remove": "vi"})
    assert (Specialisation.objects.count(), Language.objects.count()) == (0, 0)
    assert boss.post(TOPICS, {"remove": "nothing\x00"}).url == "/manage/staff/words/"


def test_the_list_costs_the_same_whatever_its_length(boss):
    boss.get(PAGE)  # the first visit stamps the session
    counts = []
    for more in (1, 29):
        for _ in range(more):
            make.psychologist(specialisations=(make.specialisation(),), languages=(make.language(),))
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(PAGE).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
