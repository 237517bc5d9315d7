import re
from decimal import Decimal
from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.urls import reverse
from PIL import Image

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import Psychologist, Registration
from portal.clinic.profile_forms import PsychologistForm
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER)


@pytest.fixture
def whose():
    return make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn")


def url(name, whose):
    return reverse(f"manager:{name}", args=[whose.code])


def picture(name="me.png", size=(1600, 900)):
    data = BytesIO()
    Image.new("RGB", size, "green").save(data, "PNG")
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/png")


def fields(**more):
    return {
        "title": "Dr",
        "headline": "Anxiety, and being new to a country",
        "bio": "I listen.",
        "registration": Registration.CLINICAL,
        "ahpra_number": "psy 0001234567",
        "qualifications": "MPsych (Clinical)\nBSc (Hons)",
        "in_person": "on",
        "video": "on",
        "phone": "on",
        "accepting_patients": "on",
        "position": "0",
        **more,
    }


def said(response):
    return [(message.level_tag, str(message)) for message in response.context["messages"]]


def test_a_new_profile(boss, whose, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    place, other = make.location(), make.location()
    vietnamese, grief, first = make.language(name="Tiếng Việt"), make.specialisation(name="Grief"), make.service()
    response = boss.post(
        url("profile", whose),
        fields(
            photo=picture(),
            languages=[vietnamese.pk],
            specialisations=["Sleep", grief.name],
            services=[first.pk],
            **{f"fee-{first.slug}": "$235.50"},
            **{f"{place.slug}-number": "4024742f", f"{other.slug}-number": ""},
        ),
    )
    assert response.url == url("profile", whose)
    made = Psychologist.objects.get()
    assert (made.user, made.slug, made.ahpra_number) == (whose, "mai-nguyen", "PSY0001234567")
    assert list(made.own_fees.values_list("service", "fee")) == [(first.pk, Decimal("235.50"))]
    assert list(made.languages.all()) == [vietnamese]
    assert [topic.name for topic in made.topics] == ["Sleep", "Grief"]
    assert list(made.services.all()) == [first]
    assert list(made.provider_numbers.values_list("location", "number")) == [(place.pk, "4024742F")]
    # Written anew: a small JPEG under a name of ours.
    with Image.open(made.photo.path) as photo:
        assert (photo.format, max(photo.size)) == ("JPEG", 900)
    assert re.fullmatch(r"psychologists/[0-9a-f]{32}-900x900\.jpg", made.photo.name)
    shown = boss.get(url("profile_photo", whose))
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert shown.getvalue().startswith(b"\xff\xd8")
    assert {e.verb for e in Entry.objects.all()} == {
        "psychologist.added",
        "psychologist_fee.changed",
        "provider_number.added",
        "specialisation.added",
    }
    whole = boss.get(url("profile_whole_photo", whose))
    with Image.open(BytesIO(whole.getvalue())) as photo:
        assert photo.size == (1600, 900)


def test_a_wrong_check_letter_is_a_warning_and_is_kept(boss, whose):
    place = make.location(name="Brunswick")
    psychologist = make.psychologist(user=whose)
    response = boss.send(
        url("profile", whose), fields(slug=psychologist.slug, **{f"{place.slug}-number": "4024742A"}), follow=True
    )
    [(_level, words)] = [(level, words) for level, words in said(response) if level == "warning"]
    assert words.startswith("Provider number at Brunswick: The last letter doesn't fit this provider number.")
    assert psychologist.provider_numbers.get().number == "4024742A"


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ("ahpra_number", "PSY12"),
        ("fee-session", "a lot"),
        ("fee-session", "-5"),
        ("registration", "wizard"),
        ("headline", "x" * 300),
        ("photo", SimpleUploadedFile("me.png", b"<svg onload=alert(1)>")),
    ],
)
def test_bad_input_keeps_what_was_typed(boss, whose, wrong, value):
    make.service(slug="session")
    response = boss.send(url("profile", whose), fields(**{wrong: value}))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {wrong}
    assert response.context["form"]["bio"].value() == "I listen."
    assert Psychologist.objects.count() == 0


def test_a_number_that_is_none_stops_the_whole(boss, whose):
    place = make.location()
    response = boss.send(url("profile", whose), fields(**{f"{place.slug}-number": "hello"}))
    assert response.status_code == 422
    assert Psychologist.objects.count() == 0
    assert "hello" in response.content.decode().lower()


def test_off_the_website_and_back(boss, whose):
    psychologist = make.psychologist(user=whose)
    assert boss.get(url("retire_profile", whose)).status_code == 200
    boss.post(url("retire_profile", whose))
    psychologist.refresh_from_db()
    assert (psychologist.is_active, psychologist.accepting_patients) == (False, False)
    boss.post(url("restore_profile", whose))
    psychologist.refresh_from_db()
    assert (psychologist.is_active, psychologist.accepting_patients) == (True, False)


def test_reception_has_no_profile(boss):
    desk = make.user(role=Role.RECEPTION)
    assert boss.get(url("profile", desk)).url == reverse("manager:person", args=[desk.code])


def test_no_photo_no_answer(boss, whose):
    make.psychologist(user=whose)
    assert boss.get(url("profile_photo", whose)).status_code == 404


def test_another_part_of_the_photo_is_chosen_without_sending_it_again(boss, whose, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    psychologist = make.psychologist(user=whose)
    boss.send(url("profile", whose), fields(slug=psychologist.slug, photo=picture(), photo_part="start"))
    psychologist.refresh_from_db()
    first = psychologist.photo.name
    boss.send(url("profile", whose), fields(slug=psychologist.slug, photo_box="0.25 0 0.5 0.8889"))
    psychologist.refresh_from_db()
    assert psychologist.photo.name != first
    assert psychologist.photo_box == "0.2500 0.0000 0.5000 0.8889"


def test_the_list_is_moved_about_and_nothing_else_is_lost(boss, whose):
    place = make.location()
    typed = fields(
        specialisations=["Grief", "Sleep"],
        headline="Not saved",
        **{"specialisations-down": "Grief", f"{place.slug}-number": "not judged yet"},
    )
    page = boss.post(url("profile", whose), typed)
    assert page.status_code == 200
    words = page.content.decode()
    assert re.findall(r'name="specialisations" value="(\w+)"', words) == ["Sleep", "Grief"]
    assert "Not saved" in words
    assert "not judged yet" in words
    assert Psychologist.objects.count() == 0
    part = boss.post(url("profile", whose), typed, headers={"hx-request": "true", "hx-target": "topics"})
    assert part.content.decode().strip().startswith('<div id="topics">')


def test_doubtful_words_are_shown_to_the_manager_too(boss, whose):
    make.psychologist(user=whose, bio="The best results, guaranteed.", specialisations=(make.specialisation(),))
    page = boss.get(url("profile", whose))
    assert [caution.rule for caution in page.context["advice"].cautions] == ["comparison", "promise"]


def test_managers_who_save_in_one_moment_do_not_undo_each_other(boss, whose):
    boss.send(url("profile", whose), fields())
    mai = Psychologist.objects.get()
    data = {**fields(headline="Sleep"), "slug": mai.slug} | boss.shown(url("profile", whose))
    form = PsychologistForm(QueryDict(urlencode(data)), instance=mai, user=whose)
    assert form.is_valid()
    Psychologist.objects.update(ahpra_number="PSY0007654321", headline="Grief")
    assert not form.still_stands()
    assert list(form.errors) == ["headline"]
    assert form.values["ahpra_number"] == "PSY0007654321"


def test_profile_that_two_managers_begin_at_once_is_made_once(boss, whose):
    """The second one's page asked for a profile that nobody had, and is answered in words."""

    came = []

    def somebody_is_quicker(execute, sql, params, many, context):
        # The page has found no profile, and looks at the places next.
        if 'FROM "clinic_location"' in sql and not came:
            came.append(make.psychologist(user=whose))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(somebody_is_quicker):
        response = boss.post(url("profile", whose), fields(), follow=True)
    assert [tag for tag, _words in said(response)] == ["error"]
    assert Psychologist.objects.count() == 1


# ---- What patients will pay ------------------------------------------------------------------------------------------


def test_a_manager_sees_what_each_service_would_cost_before_it_is_public(boss, whose):
    make.clinic()
    make.mbs_items()
    session, report = (
        make.service(name="Session", fee="220"),
        make.service(name="Report", fee="330", medicare=False, position=1),
    )
    mai = make.psychologist(user=whose)
    page = boss.get(url("profile", whose))
    assert [(fee.service.name, fee.quote.total) for fee in page.context["advice"].fees] == [
        ("Session", 220),
        ("Report", 330),
    ]
    assert f'data-hx-post="{url("profile_advice", whose)}"' in page.text
    typed = {f"fee-{session.slug}": "250", "registration": "clinical", "in_person": "on"}
    answer = boss.post(url("profile_advice", whose), typed, headers={"hx-request": "true", "hx-target": "advice"})
    assert answer.text.strip().startswith('<div class="stack" id="advice">')
    assert "$250.00" in answer.text
    [first, second] = boss.post(url("profile_advice", whose), typed).context["advice"].fees
    assert (first.quote.gap, second.quote.rebate) == (250 - first.quote.rebate, None)
    # Which services they give and how they are registered count as they stand in the form.
    [only] = boss.post(url("profile_advice", whose), typed | {"services": [report.pk]}).context["advice"].fees
    assert only.service == report
    [first, _report] = (
        boss.post(url("profile_advice", whose), typed | {"registration": "provisional"}).context["advice"].fees
    )
    assert first.quote.rebate is None
    mai.refresh_from_db()
    assert mai.own_fees.count() == 0, "nothing is saved"


def test_what_patients_pay_is_shown_before_there_is_a_profile(boss, whose):
    make.clinic()
    session = make.service(fee="220")
    assert [fee.quote.total for fee in boss.get(url("profile", whose)).context["advice"].fees] == [220]
    [fee] = boss.post(url("profile_advice", whose), {f"fee-{session.slug}": "99"}).context["advice"].fees
    assert fee.quote.total == 99


@pytest.mark.parametrize(
    "typed", [{"services": ["x", "9" * 40, "-1"]}, {"registration": "king"}, {"headline": "x" * 99_999}]
)
def test_advice_takes_what_makes_no_sense(boss, whose, typed):
    make.clinic()
    make.psychologist(user=whose)
    assert boss.post(url("profile_advice", whose), typed).status_code == 200


def test_advice_is_the_managers_and_about_psychologists_alone(boss, whose):
    assert boss.post(url("profile_advice", make.user(role=Role.RECEPTION))).status_code == 404
    assert boss.post(url("profile_advice", make.user())).status_code == 404
    desk = make.signed_in_client(role=Role.RECEPTION)
    assert desk.post(url("profile_advice", whose)).status_code == 403


def test_an_own_fee_of_nothing_is_asked_about_once(boss, whose):
    service = make.service(name="Session", fee="220")
    mai = make.psychologist(user=whose)
    data = fields(slug=mai.slug, **{f"fee-{service.slug}": "0"})
    asked = boss.send(url("profile", whose), data)
    assert (asked.status_code, mai.own_fees.count()) == (422, 0)
    assert "The fee for Session is $0.00" in asked.text
    sure = {"sure": asked.context["form"].questions_digest}
    assert boss.send(url("profile", whose), data | sure).status_code == 302
    assert [own.fee for own in mai.own_fees.all()] == [0]
    # What stands is asked about no more.
    assert boss.send(url("profile", whose), data | {"headline": "Sleep"}).status_code == 302
