"""One's own profile: saved, ordered, cropped, seen before it is public, and nobody else's."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from html import unescape
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
from portal.clinic import actions
from portal.clinic.models import OwnFee, Psychologist, Registration, Specialisation
from portal.clinic.profile_forms import OwnProfileForm
from portal.common.access.actors import Actor
from portal.common.media.pictures import KINDS, PORTRAIT
from tests import make
from tests.web.psychologist.conftest import NOW

URL = "/practice/profile/"
FEE = "fee-standard-session"


def fee_of(person):
    """What they charge of their own for the one service that these tests have."""
    return OwnFee.objects.get(psychologist=person).fee


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def fields(**more):
    return {
        "headline": "Anxiety, and being new to a country",
        "bio": "I listen.",
        "qualifications": "MPsych (Clinical)",
        "in_person": "on",
        "video": "on",
        "phone": "on",
        "accepting_patients": "on",
        "specialisations": ["Anxiety", "Grief"],
        **more,
    }


def topics(mai):
    return [topic.name for topic in Psychologist.objects.get(pk=mai.pk).topics]


def two_halves(size=(1200, 600)):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    data = BytesIO()
    image.save(data, "PNG")
    return SimpleUploadedFile("me.png", data.getvalue(), content_type="image/png")


def colour_of(picture):
    with picture.open("rb") as file, Image.open(file) as image:
        red, _green, blue = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
        return "red" if red > blue else "blue"


# ---- Saving ----------------------------------------------------------------------------------------------------------


def test_what_is_saved_is_what_readers_see(client, mai, service):
    vietnamese = make.language(code="vi", name="Tiếng Việt")
    response = client.send(URL, fields(**{FEE: "$190"}, languages=[vietnamese.pk]))
    assert (response.status_code, response.url) == (302, URL)
    mai.refresh_from_db()
    assert (mai.headline, mai.bio, fee_of(mai)) == ("Anxiety, and being new to a country", "I listen.", Decimal("190"))
    assert (list(mai.languages.all()), topics(mai)) == ([vietnamese], ["Anxiety", "Grief"])
    page = client.get(reverse("public:psychologist", args=[mai.slug])).content.decode()
    assert page.index("Anxiety</li>") < page.index("Grief</li>")
    assert "$190.00" in page
    assert [e.verb for e in Entry.objects.order_by("pk")][-2:] == ["psychologist.changed", "psychologist_fee.changed"]


def test_the_managers_facts_are_not_in_reach(client, mai):
    before = Psychologist.objects.values().get(pk=mai.pk)
    sent = {
        "registration": Registration.PROVISIONAL,
        "ahpra_number": "PSY0001234567",
        "slug": "somebody-else",
        "title": "Prof",
        "is_active": "",
        "position": "99",
        "services": [make.service().pk],
        "photo_source": "x",
    }
    assert client.send(URL, fields() | sent).status_code == 302
    after = Psychologist.objects.values().get(pk=mai.pk)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"headline", "bio", "qualifications"}
    assert not mai.services.exists()


def test_a_photo_of_a_few_pixels_is_refused(client, mai):
    """Blown up it would be a coloured disc, and the website would show it."""
    answer = client.send(URL, fields() | {"photo": two_halves((900, PORTRAIT[0] - 1))})
    assert answer.status_code == 422
    assert "160 by 160 pixels" in answer.content.decode()
    mai.refresh_from_db()
    assert not mai.photo
    assert client.send(URL, fields() | {"photo": two_halves((900, PORTRAIT[0]))}).status_code == 302
    mai.refresh_from_db()
    assert mai.photo


@pytest.mark.parametrize(
    ("wrong", "value"),
    [
        ("headline", "x" * 161),
        (FEE, "-1"),
        (FEE, "a lot"),
        ("bio", "a\x00b"),
        ("specialisations", ["x" * 41]),
        ("specialisations", ["<script>"]),
        ("specialisations", ["12345"]),
        ("specialisations", [f"Word {'abcdefghijklmn'[n]}" for n in range(13)]),
        ("photo", SimpleUploadedFile("me.png", b"<svg onload=alert(1)>")),
        ("languages", ["999999"]),
    ],
)
def test_what_can_not_be_taken_is_said_and_nothing_is_lost(client, mai, service, wrong, value):
    response = client.send(URL, fields(**{"qualifications": "Kept as typed", wrong: value}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [wrong]
    assert "Kept as typed" in response.content.decode()
    mai.refresh_from_db()
    assert (mai.qualifications, Specialisation.objects.count()) == ("", 0)


def test_full_is_shown_at_once(client, mai):
    data = fields()
    del data["accepting_patients"]
    client.send(URL, data)
    mai.refresh_from_db()
    assert not mai.accepting_patients


def test_a_fee_far_from_the_clinics_is_taken_and_doubted(client, mai, service):
    response = client.send(URL, fields(**{FEE: "2200"}), follow=True)
    assert [m.level_tag for m in response.context["messages"]] == ["success", "warning"]
    mai.refresh_from_db()
    assert fee_of(mai) == 2200


@pytest.mark.parametrize("name", ["profile", "profile_advice", "profile_preview", "profile_photo"])
@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MANAGER])
def test_for_psychologists_alone(db, name, role):
    url = reverse(f"psychologist:{name}")
    other = make.signed_in_client(role=role)
    assert (other.post if name == "profile_advice" else other.get)(url).status_code == 403


def test_who_has_no_profile_yet_is_told(db):
    page = make.client_for(make.user(role=Role.PSYCHOLOGIST)).get(URL)
    assert (page.status_code, page.templates[0].name) == (200, "psychologist/no_profile.html")


# ---- The list --------------------------------------------------------------------------------------------------------


def listed(response):
    return [unescape(name) for name in re.findall(r'name="specialisations" value="([^"]*)"', response.content.decode())]


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        ({"specialisations-up": "Grief"}, ["Grief", "Anxiety", "Sleep"]),
        ({"specialisations-down": "Grief"}, ["Anxiety", "Sleep", "Grief"]),
        ({"specialisations-up": "Anxiety"}, ["Anxiety", "Grief", "Sleep"]),
        ({"specialisations-down": "Sleep"}, ["Anxiety", "Grief", "Sleep"]),
        ({"specialisations-drop": "Anxiety"}, ["Grief", "Sleep"]),
        ({"specialisations-add": "1", "specialisations-new": " Eating  disorders "},
         ["Anxiety", "Grief", "Sleep", "Eating disorders"]),
        ({"specialisations-add": "1", "specialisations-new": "gríef"}, ["Anxiety", "Grief", "Sleep"]),
        ({"specialisations-add": "1", "specialisations-new": ""}, ["Anxiety", "Grief", "Sleep"]),
        ({"specialisations-up": "Unknown"}, ["Anxiety", "Grief", "Sleep"]),
    ],
)  # fmt: skip
def test_buttons_move_words_and_keep_the_rest_as_typed(client, mai, service, button, expected):
    data = fields(specialisations=["Anxiety", "Grief", "Sleep"], headline="Not saved yet", **{FEE: "not a number"})
    response = client.post(URL, data | button)
    assert (response.status_code, listed(response)) == (200, expected)
    page = response.content.decode()
    assert "Not saved yet" in page
    assert "not a number" in page
    assert "error-summary" not in page
    mai.refresh_from_db()
    assert (mai.headline, Specialisation.objects.count()) == ("", 0)


def test_htmx_gets_the_list_alone_and_the_pressed_button_keeps_its_id(client, mai):
    data = fields(specialisations=["Anxiety", "Grief"], **{"specialisations-up": "Grief"})
    whole = client.send(URL, data).content.decode()
    pressed = re.search(r'id="(topic-up-\w+)"[^>]*value="Grief"', whole)[1]
    part = client.post(URL, data, headers={"hx-request": "true", "hx-target": "topics"}).content.decode()
    assert part.strip().startswith('<div id="topics">')
    assert f'id="{pressed}"' in part
    assert 'aria-label="Move Grief up, now 1 of 2" type="button" aria-disabled="true"' in part
    assert "csrfmiddlewaretoken" not in part


@pytest.mark.parametrize(
    ("words", "dropped", "focused"),
    [
        (["Anxiety", "Grief", "Sleep"], "Anxiety", "Take Grief away"),
        (["Anxiety", "Grief", "Sleep"], "Grief", "Take Sleep away"),
        (["Anxiety", "Grief", "Sleep"], "Sleep", "Take Grief away"),
        (["Anxiety"], "Anxiety", None),
        (["Anxiety", "Grief"], "Unknown", ""),
    ],
)
def test_the_keyboard_goes_on_beside_a_word_that_was_taken_away(client, mai, words, dropped, focused):
    before = client.send(URL, fields(specialisations=words, **{"specialisations-up": words[0]})).content.decode()
    part = client.post(
        URL,
        fields(specialisations=words, **{"specialisations-drop": dropped}),
        headers={"hx-request": "true", "hx-target": "topics"},
    ).content.decode()
    found = [tag for tag in re.findall(r"<(?:button|input)[^>]*>", part) if re.search(r"\sautofocus\b", tag)]
    if focused == "":
        assert found == []
        return
    (tag,) = found
    assert (f'aria-label="{focused}"' if focused else 'id="topic-new"') in tag
    # Without script the address of the answer leads to the same place.
    drops = dict(re.findall(r'name="specialisations-drop" value="(\w+)" formaction="#([\w-]+)"', before))
    assert f'id="{drops[dropped]}"' in tag


def test_a_word_that_can_not_be_added_stays_in_its_box(client, mai):
    wrong = "x" * 41
    response = client.send(URL, fields(**{"specialisations-add": "1", "specialisations-new": wrong}))
    assert listed(response) == ["Anxiety", "Grief"]
    page = response.content.decode()
    assert f'value="{wrong}"' in page
    assert "at most 40 characters" in page


def test_a_word_left_in_the_box_is_added_when_the_form_is_saved(client, mai):
    client.send(URL, fields(**{"specialisations-new": "Sleep"}))
    assert topics(mai) == ["Anxiety", "Grief", "Sleep"]


def test_a_word_the_clinic_has_is_spelled_its_way_and_is_one(client, mai):
    adhd = make.specialisation(name="ADHD")
    client.send(URL, fields(specialisations=["adhd", "ADHD", "Àdhd"]))
    assert topics(mai) == ["ADHD"]
    assert list(Specialisation.objects.all()) == [adhd]


# ---- The photo -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "colour"),
    [
        ({}, None),
        ({"photo_part": "start"}, "red"),
        ({"photo_part": "end"}, "blue"),
        ({"photo_box": "0.6 0.1 0.3 0.6"}, "blue"),
        ({"photo_box": "0.0 0.0 0.25 0.5", "photo_part": "end"}, "red"),
    ],
)
def test_the_part_that_was_chosen_is_shown(client, mai, choice, colour):
    assert client.send(URL, fields(photo=two_halves(), **choice)).status_code == 302
    mai.refresh_from_db()
    with mai.photo.open("rb") as file, Image.open(file) as image:
        assert image.format == "JPEG"
        assert image.width == image.height
    if colour:
        assert colour_of(mai.photo) == colour
    with mai.photo_source.open("rb") as file, Image.open(file) as image:
        assert image.size == (1200, 600)


def test_another_part_without_sending_the_photo_again(client, mai, django_capture_on_commit_callbacks):
    client.send(URL, fields(photo=two_halves(), photo_part="start"))
    mai.refresh_from_db()
    first, whole = mai.photo.name, mai.photo_source.name
    page = client.get(URL).content.decode()
    assert re.search(r'value="start"[^>]*checked', page), "the part that is kept is the one that is chosen"
    assert "The right side" in page
    with django_capture_on_commit_callbacks(execute=True):
        client.send(URL, fields(photo_part="end"))
    mai.refresh_from_db()
    assert (colour_of(mai.photo), mai.photo_source.name) == ("blue", whole)
    assert not mai.photo.storage.exists(first)
    with django_capture_on_commit_callbacks(execute=True):
        client.send(URL, fields(photo_part="end"))
    mai.refresh_from_db()
    assert mai.photo.storage.exists(mai.photo.name), "nothing chosen anew: the photo stays"


def test_a_photo_from_before_wholes_were_kept_can_be_cut_too(client, mai):
    whole = SimpleUploadedFile("old.png", two_halves().read())
    mai.photo.save("old.png", whole)
    client.send(URL, fields())
    mai.refresh_from_db()
    assert (mai.photo_source.name, mai.photo_box) == ("", "")
    client.send(URL, fields(photo_part="end"))
    mai.refresh_from_db()
    assert colour_of(mai.photo) == "blue"
    assert mai.photo_source.name


def test_photo_and_its_whole_are_taken_away(client, mai, tmp_path, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.send(URL, fields(photo=two_halves()))
    assert len(list((tmp_path / "psychologists").glob("*.*"))) == 1 + len(PORTRAIT) * len(KINDS)
    with django_capture_on_commit_callbacks(execute=True):
        client.send(URL, fields(**{"photo-clear": "on"}))
    mai.refresh_from_db()
    assert (mai.photo.name, mai.photo_source.name, mai.photo_box) == ("", "", "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("box", ["nonsense", "0 0 9 9", "nan nan nan nan", "0.5 0.5 0.6 0.6", "-1 0 1 1", "0 0 0 0"])
def test_a_box_that_is_none_is_refused(client, mai, box):
    response = client.send(URL, fields(photo=two_halves(), photo_box=box))
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["photo"])
    mai.refresh_from_db()
    assert not mai.photo


def test_own_photo_is_served_to_oneself_alone_and_kept_by_nobody(client, mai, colleague):
    url, whole = reverse("psychologist:profile_photo"), reverse("psychologist:profile_whole_photo")
    assert client.get(url).status_code == 404
    client.send(URL, fields(photo=two_halves(), photo_part="end"))
    other = make.client_for(colleague.user)
    for address in (url, whole):
        response = client.get(address)
        assert (response.status_code, response["Cache-Control"]) == (200, "no-store, private")
        assert response.getvalue().startswith(b"\xff\xd8")
        assert other.get(address).status_code == 404


def waiting(response):
    """What the page sends along of a photo that was sent before: nothing, where none waits."""
    found = re.search(r'name="photo-waiting" value="([^"]+)"', response.content.decode())
    return {"photo-waiting": found[1]} if found else {}


BUTTONS = [
    {"specialisations-up": "Grief"},
    {"specialisations-drop": "Grief"},
    {"specialisations-add": "1", "specialisations-new": "Sleep"},
]


@pytest.mark.parametrize("button", BUTTONS)
def test_a_chosen_photo_waits_while_the_list_is_moved_about(client, mai, tmp_path, button):
    """Without script the button sends the whole form, and the browser sends a file once."""
    response = client.send(URL, fields(photo=two_halves(), photo_part="end") | button)
    page = response.content.decode()
    assert (response.status_code, "error-summary" in page) == (200, False)
    assert 'src="data:image/jpeg;base64,' in page
    assert "The right side" in page, "it is known by now to be wide"
    again = client.send(URL, fields(photo_part="end") | {"specialisations-up": "Grief"} | waiting(response))
    assert waiting(again) == waiting(response)
    assert client.send(URL, fields(photo_part="end") | waiting(again)).status_code == 302
    mai.refresh_from_db()
    assert colour_of(mai.photo) == "blue"
    assert list((tmp_path / "waiting").iterdir()) == []


def test_a_chosen_photo_and_its_part_wait_while_something_else_is_put_right(client, mai, service):
    response = client.send(URL, fields(photo=two_halves(), photo_box="0.6 0.1 0.3 0.6", **{FEE: "a lot"}))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [FEE])
    box = response.context["form"]["photo_box"].value()
    assert client.send(URL, fields(photo_box=box) | waiting(response)).status_code == 302
    mai.refresh_from_db()
    assert (mai.photo_box, colour_of(mai.photo)) == ("0.6000 0.1000 0.3000 0.6000", "blue")


def test_the_part_of_a_refused_photo_is_not_cut_from_the_one_that_is_kept(client, mai):
    client.send(URL, fields(photo=two_halves(), photo_part="start"))
    svg = SimpleUploadedFile("me.png", b"<svg onload=alert(1)>")
    response = client.send(URL, fields(photo=svg, photo_box="0.6 0.1 0.3 0.6"))
    assert (waiting(response), response.context["form"]["photo_box"].value()) == ({}, "")
    mai.refresh_from_db()
    assert colour_of(mai.photo) == "red"


def test_a_photo_that_can_not_be_taken_is_said_when_the_list_is_moved_about(client, mai):
    response = client.send(URL, fields(photo=two_halves((40, 30))) | {"specialisations-up": "Grief"})
    assert listed(response) == ["Grief", "Anxiety"]
    assert "choose one of at least 160 by 160 pixels" in response.content.decode()
    assert waiting(response) == {}


def test_a_photo_to_be_taken_away_stays_ticked_when_the_list_is_moved_about(client, mai):
    client.send(URL, fields(photo=two_halves()))
    page = client.send(URL, fields(**{"photo-clear": "on", "specialisations-up": "Grief"})).content.decode()
    assert re.search(r'name="photo-clear"[^>]*\schecked', page)


def test_a_waiting_photo_is_for_oneself_alone(client, mai, service, colleague):
    word = waiting(client.send(URL, fields(photo=two_halves(), **{FEE: "a lot"})))
    theirs = make.client_for(colleague.user).send(URL, fields() | word)
    assert (theirs.status_code, list(theirs.context["form"].errors)) == (422, ["photo"])
    # Pressed twice, the second one finds it saved; and so does the very photo, sent twice.
    page = client.shown(URL)
    for _ in range(2):
        assert client.post(URL, fields() | word | page).status_code == 302
    assert client.post(URL, fields(photo=two_halves()) | page).status_code == 302


def test_a_waiting_photo_is_previewed(client, mai, service):
    word = waiting(client.send(URL, fields(photo=two_halves(), **{FEE: "a lot"})))
    page = client.send(URL, fields(preview="1") | word).content.decode()
    assert 'src="data:image/jpeg;base64,' in page
    assert client.send(URL, fields() | word).status_code == 302
    mai.refresh_from_db()
    assert mai.photo


# ---- Two tabs --------------------------------------------------------------------------------------------------------


def test_what_another_tab_saved_is_not_undone_unasked(client, mai):
    tab = client.shown(URL)
    client.send(URL, fields(headline="Grief, and what comes after"))

    response = client.post(URL, fields(headline="Sleep", bio="I listen well.") | tab)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["headline", "bio"]
    body = response.content.decode()
    assert '<dd dir="auto">Grief, and what comes after</dd>' in body
    assert '<dd dir="auto">Sleep</dd>' in body
    assert 'value="Sleep"' in body
    mai.refresh_from_db()
    assert mai.headline == "Grief, and what comes after"
    # Whoever has read that and saves again means it.
    again = make.shown_in(response)
    assert client.post(URL, fields(headline="Sleep", bio="I listen well.") | again).status_code == 302
    mai.refresh_from_db()
    assert (mai.headline, mai.bio) == ("Sleep", "I listen well.")


def test_what_this_tab_did_not_touch_stays_as_another_saved_it(client, mai, service):
    tab = client.shown(URL)
    client.send(URL, fields(headline="Grief", specialisations=["Grief"], **{FEE: "230"}))
    before = {"headline": mai.headline, "bio": mai.bio, "specialisations": []}
    assert client.post(URL, fields(**before, accepting_patients="on", video="on") | tab).status_code == 302
    mai = Psychologist.objects.get(pk=mai.pk)
    assert (mai.headline, [topic.name for topic in mai.topics], mai.fees) == (
        "Grief",
        ["Grief"],
        {service.pk: Decimal("230")},
    )
    assert mai.accepting_patients


def test_the_same_words_from_two_tabs_are_no_quarrel(client, mai):
    tab = client.shown(URL)
    for _ in range(2):
        assert client.post(URL, fields(headline="Grief") | tab).status_code == 302


@pytest.mark.parametrize("mark", ["", "nonsense", "[]", "null", '{"headline": 3}', "{}", "[" * 100_000])
def test_a_page_that_says_nothing_of_what_it_showed_undoes_nothing(client, mai, mark):
    stored = Psychologist.objects.values().get(pk=mai.pk)
    response = client.post(URL, fields(headline="Sleep", shown=mark))
    assert (response.status_code, response.context["form"].errors["headline"].as_data()[0].code) == (422, "changed")
    assert Psychologist.objects.values().get(pk=mai.pk) == stored
    # The page that comes back says it.
    assert client.post(URL, fields(headline="Sleep") | make.shown_in(response)).status_code == 302


def test_what_was_saved_since_the_form_was_looked_at_is_not_undone(client, mai, service):
    """Both saves found the profile as they had seen it; the second one finds out when it has the row to itself."""
    data = QueryDict(urlencode(fields(headline="Sleep", languages=[]) | client.shown(URL), doseq=True))
    form = OwnProfileForm(data, instance=Psychologist.objects.get(pk=mai.pk))
    assert form.is_valid()
    changes, fees = {"bio": "Somebody else's words."}, {service.pk: Decimal("170")}
    actions.update_psychologist(
        psychologist=mai, values=changes, topics=["Grief"], fees=fees, by=Actor(mai.user, Role.PSYCHOLOGIST), now=NOW
    )
    assert not form.still_stands()
    assert set(form.errors) == {"bio", "specialisations"}, "and none for what one of the two left alone"
    assert form.conflicts["bio"].theirs == "Somebody else's words."
    # The page that comes back carries what is stored now: whoever has read that and saves again means it.
    assert form.stored == OwnProfileForm(instance=Psychologist.objects.get(pk=mai.pk)).stored


@pytest.mark.django_db(transaction=True)
def test_of_saves_in_one_moment_one_is_made_and_the_others_are_told(mai):
    tabs = [make.client_for(mai.user) for _ in range(4)]
    page = tabs[0].shown(URL)
    gate = threading.Barrier(len(tabs))

    def save(number):
        gate.wait()
        try:
            return tabs[number].post(URL, fields(headline=f"Words of tab {number}") | page).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tabs)) as pool:
        assert sorted(pool.map(save, range(len(tabs)))) == [302, 422, 422, 422]


def test_moving_a_word_about_keeps_what_the_page_had_shown(client, mai):
    tab = client.shown(URL)
    client.send(URL, fields(headline="Grief"))
    moved = client.post(URL, fields(headline="Sleep") | tab | {"specialisations-up": "Grief"})
    assert make.shown_in(moved) == tab


def test_two_tabs_with_two_photos(client, mai):
    tab = client.shown(URL)
    client.send(URL, fields(photo=two_halves(), photo_part="start"))
    response = client.post(URL, fields(photo=two_halves((500, 300))) | tab)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["photo"])
    assert response.context["form"].conflicts["photo"].theirs == "Another photo, or another part of it"
    mai.refresh_from_db()
    assert colour_of(mai.photo) == "red"
    # The photo waits; the box beside it says that the other one is to stay.
    again = fields() | make.shown_in(response) | waiting(response)
    assert client.post(URL, again | {"theirs": "photo"}).status_code == 302
    mai.refresh_from_db()
    assert colour_of(mai.photo) == "red"
    # Without it, one's own takes its place.
    response = client.post(URL, fields(photo=two_halves((500, 300)), photo_part="end") | tab)
    again = fields(photo_part="end") | make.shown_in(response) | waiting(response)
    assert client.post(URL, again).status_code == 302
    mai.refresh_from_db()
    assert colour_of(mai.photo) == "blue"


def test_another_part_of_a_photo_that_is_gone_is_not_cut_from_the_new_one(client, mai):
    client.send(URL, fields(photo=two_halves(), photo_part="start"))
    tab = client.shown(URL)
    client.send(URL, fields(photo=two_halves((500, 300)), photo_part="start"))
    response = client.post(URL, fields(photo_box="0.6 0.1 0.3 0.6", photo_part="start") | tab)
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["photo"])


# ---- Seen before it is public ----------------------------------------------------------------------------------------


def test_preview_shows_what_is_typed_and_writes_nothing(client, mai, service):
    mai.refresh_from_db()
    before, files = Psychologist.objects.values().get(pk=mai.pk), list(mai.photo.storage.listdir(""))
    data = fields(preview="1", **{FEE: "123"}, photo=two_halves(), photo_part="end", headline="Only tried on")
    response = client.send(URL, data)
    page = response.content.decode()
    assert (response.status_code, response.templates[0].name) == (200, "psychologist/profile_preview.html")
    assert "Nothing is saved yet." in page
    assert "Only tried on" in page
    assert "$123.00" in page
    assert page.index("Anxiety") < page.index("Grief")
    assert 'src="data:image/jpeg;base64,' in page
    assert Psychologist.objects.values().get(pk=mai.pk) == before
    assert Specialisation.objects.count() == 0
    assert list(mai.photo.storage.listdir("")) == files
    assert not Entry.objects.filter(verb="psychologist.changed").exists()


def test_preview_without_the_photo_that_is_to_go(client, mai):
    client.send(URL, fields(photo=two_halves()))
    page = client.send(URL, fields(preview="1", **{"photo-clear": "on"})).content.decode()
    assert "<picture" not in page
    mai.refresh_from_db()
    assert mai.photo


def test_preview_of_what_can_not_be_taken_says_so(client, mai, service):
    response = client.send(URL, fields(preview="1", **{FEE: "a lot"}))
    assert (response.status_code, list(response.context["form"].errors)) == (422, [FEE])


def test_what_is_saved_can_be_seen_while_the_profile_is_off_the_website(client, mai):
    client.send(URL, fields(photo=two_halves()))
    actions.retire_psychologist(psychologist=mai, by=make.actor(role="manager"), now=NOW)
    page = client.get(reverse("psychologist:profile_preview")).content.decode()
    assert "This is what is saved." in page
    assert "/practice/profile/photo/?v=" in page
    assert client.get(reverse("public:psychologist", args=[mai.slug])).status_code == 404


# ---- Advice ----------------------------------------------------------------------------------------------------------


def test_doubtful_words_are_named_and_block_nothing(client, mai):
    data = fields(bio="My clients say I am the best.")
    assert client.send(URL, data).status_code == 302
    page = client.get(URL)
    assert [caution.phrase for caution in page.context["advice"].cautions] == ["My clients say", "the best"]
    assert "The law forbids testimonials" in page.content.decode()


def test_advice_while_typing(client, mai, service):
    url = reverse("psychologist:profile_advice")
    data = {"headline": "Trauma specialist", FEE: "300", "specialisations": ["Guaranteed calm"]}
    response = client.post(url, data, headers={"hx-request": "true", "hx-target": "advice"})
    page = response.content.decode()
    assert page.strip().startswith('<div class="stack" id="advice">')
    assert re.findall(r"<bdi>“(.*?)”</bdi>", page) == ["specialist", "Guaranteed"]
    assert "$300.00" in page
    mai.refresh_from_db()
    assert mai.headline == ""


def test_what_patients_pay_follows_the_rebate_and_the_registration(client, mai, service):
    make.mbs_items()
    url = reverse("psychologist:profile_advice")
    [fee] = client.post(url, {FEE: "250"}).context["advice"].fees
    assert fee.quote.gap == 250 - fee.quote.rebate
    Psychologist.objects.filter(pk=mai.pk).update(registration=Registration.PROVISIONAL)
    [fee] = client.post(url, {FEE: "250"}).context["advice"].fees
    assert (fee.quote.rebate, fee.quote.gap) == (None, 250)


@pytest.mark.parametrize("fee", ["", "a lot", "9" * 400, "-5"])
def test_advice_on_a_fee_that_is_none_shows_what_services_cost(client, mai, service, fee):
    [shown] = client.post(reverse("psychologist:profile_advice"), {FEE: fee}).context["advice"].fees
    assert shown.quote.fee == service.fee
