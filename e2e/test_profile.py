"""A psychologist changes their profile: with script and without, by keyboard, and sees it before readers do."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from e2e.harness import Portal
from portal.clinic import actions
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor

# Words and photos are kept the same way by every database, as the rooms' own tests hold.
pytestmark = [pytest.mark.look, pytest.mark.xdist_group("test_profile")]


def two_halves(size: tuple[int, int] = (2400, 1200)) -> bytes:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.fixture
def tom(portal: Portal) -> Iterator[Psychologist]:
    """Tom as he was founded, whatever a test made of him."""
    tom = Psychologist.objects.get(slug="tom-ashby")
    before = {"headline": tom.headline, "bio": tom.bio, "photo": False, "photo_source": False}
    topics, fees = [topic.name for topic in tom.topics], {own.service_id: own.fee for own in tom.own_fees.all()}
    yield tom
    tom.refresh_from_db()
    actions.update_psychologist(
        psychologist=tom, values=before, topics=topics, fees=fees, by=Actor.system("test"), now=tom.created_at
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "me.jpg"
    path.write_bytes(two_halves())
    return path


@pytest.fixture
def open_profile(sign_in) -> Callable[[Page], Page]:
    def open_profile(page: Page) -> Page:
        user = Psychologist.objects.select_related("user").get(slug="tom-ashby").user
        sign_in(page, user.email)
        page.goto("/practice/profile/")
        return page

    return open_profile


def save(page: Page) -> None:
    page.get_by_role("button", name="Save my profile").click()
    expect(page.get_by_text("Your profile is saved, and the website shows it.")).to_be_visible()


def colour(page: Page, portal: Portal) -> str:
    """What stands in the middle of the photo that the website shows."""
    answer = page.request.get(f"{portal.url}/psychologists/tom-ashby/photo/320.jpg")
    assert answer.status == 200
    with Image.open(io.BytesIO(answer.body())) as image:
        assert image.size == (320, 320)
        red, _green, blue = image.convert("RGB").getpixel((160, 160))
    return "red" if red > blue else "blue"


def test_a_photo_is_cropped_by_dragging_and_by_keyboard(page: Page, portal: Portal, tom, photo, open_profile) -> None:
    open_profile(page)
    expect(page.get_by_role("img", name="The part of your photo that is shown")).to_be_hidden()
    page.get_by_label("Photo", exact=True).set_input_files(photo)
    canvas = page.get_by_role("img", name="The part of your photo that is shown")
    expect(canvas).to_be_visible()
    expect(page.get_by_role("group", name="Which part of the photo is kept")).to_be_hidden()
    box = canvas.bounding_box()
    assert box is not None
    # Pulling the picture to the left shows what stands on its right.
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 400, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    save(page)
    assert colour(page, portal) == "blue"
    # Again, from what is kept, with keys alone.
    page.get_by_role("button", name="Choose another part").focus()
    page.keyboard.press("Enter")
    slider = page.get_by_role("slider", name="Closer")
    expect(slider).to_be_focused()
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="From side to side")).to_be_focused()
    page.keyboard.press("Home")
    save(page)
    assert colour(page, portal) == "red"
    tom.refresh_from_db()
    with tom.photo_source.open("rb") as file, Image.open(file) as whole:
        assert whole.size == (2000, 1000)


def test_a_photo_and_its_part_wait_while_another_answer_is_put_right(
    page: Page, portal: Portal, tom, photo, open_profile
) -> None:
    open_profile(page)
    page.get_by_label("Photo", exact=True).set_input_files(photo)
    across = page.get_by_role("slider", name="From side to side")
    expect(across).to_be_visible()
    across.press("End")
    page.locator("[name=fee-session]").fill("a lot")
    page.get_by_role("button", name="Save my profile").click()
    expect(page.get_by_role("alert").filter(has_text="One thing needs another look")).to_be_visible()
    # The page that comes back has no file in its box, and shows the photo as it was left.
    expect(page.get_by_role("img", name="The picture you sent")).to_be_visible()
    expect(across).to_have_value("1")
    page.locator("[name=fee-session]").fill("")
    save(page)
    assert colour(page, portal) == "blue"


def test_a_photo_without_script(page_without_script: Page, portal: Portal, tom, photo, open_profile) -> None:
    page = open_profile(page_without_script)
    page.get_by_label("Photo", exact=True).set_input_files(photo)
    page.get_by_label("The top, or the left side").check()
    save(page)
    assert colour(page, portal) == "red"
    # Now that it is known to be wide, the parts have their names.
    page.get_by_label("The right side").check()
    save(page)
    assert colour(page, portal) == "blue"
    page.goto("/psychologists/tom-ashby/")
    expect(page.locator("main picture img").first).to_have_js_property("complete", True)
    page.goto("/practice/profile/")
    page.get_by_label("Remove the present picture").check()
    save(page)
    assert page.request.get(f"{portal.url}/psychologists/tom-ashby/photo/320.jpg").status == 404


def names(page: Page) -> list[str]:
    return page.locator("#topics bdi").all_inner_texts()


def expect_names(page: Page, wanted: list[str]) -> None:
    """Waits for the page that a press leads to: without script it may not be there yet."""
    expect(page.locator("#topics bdi")).to_have_text(wanted)


def test_words_are_put_in_order_by_keyboard_and_seen_before_they_are_public(
    page: Page, portal: Portal, tom, open_profile
) -> None:
    open_profile(page)
    before = names(page)
    page.get_by_label("One line about you").fill("Young people, and those around them")
    last = page.get_by_role("button", name=f"Move {before[-1]} up")
    last.focus()
    for step in range(1, len(before)):
        page.keyboard.press("Enter")
        # The keyboard stays on the word that moves, and says where it is now.
        moved = page.get_by_role("button", name=f"Move {before[-1]} up, now {len(before) - step} of {len(before)}")
        expect(moved).to_be_focused()
    order = [before[-1], *before[:-1]]
    expect_names(page, order)
    # One more press at the top changes nothing and loses nothing.
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Move {before[-1]} up, now 1 of {len(before)}")).to_be_focused()
    page.get_by_label("Add one").fill("First jobs")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#topics bdi")).to_have_count(len(before) + 1)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview").click()
    preview = opened.value
    expect(preview.get_by_text("This is a preview.")).to_be_visible()
    expect(preview.get_by_text("Young people, and those around them")).to_be_visible()
    expect(preview.locator("main li.badge")).to_have_text([*order, "First jobs"])
    preview.close()
    tom.refresh_from_db()
    assert [topic.name for topic in tom.topics] == before, "a preview writes nothing"
    save(page)
    page.goto("/psychologists/tom-ashby/")
    expect(page.get_by_text("Young people, and those around them")).to_be_visible()
    expect(page.locator("main li.badge")).to_have_text([*order, "First jobs"])


def test_words_are_put_in_order_without_script(page_without_script: Page, tom, open_profile) -> None:
    page = open_profile(page_without_script)
    before = names(page)
    page.get_by_label("One line about you").fill("Typed and not saved")
    page.get_by_role("button", name=f"Move {before[1]} up").click()
    expect_names(page, [before[1], before[0], *before[2:]])
    expect(page.get_by_label("One line about you")).to_have_value("Typed and not saved")
    page.get_by_role("button", name=f"Take {before[0]} away").click()
    expect_names(page, [before[1], *before[2:]])
    # Enter in a box saves the profile; it does not press the first button of the list.
    page.get_by_label("One line about you").press("Enter")
    expect(page.get_by_text("Your profile is saved, and the website shows it.")).to_be_visible()
    expect_names(page, [before[1], *before[2:]])


@pytest.mark.parametrize("java_script_enabled", [True, False], ids=["with script", "without script"])
def test_the_keyboard_stays_beside_a_word_that_was_taken_away(
    open_page, tom, open_profile, java_script_enabled: bool
) -> None:
    page = open_profile(open_page(java_script_enabled=java_script_enabled))
    left = names(page)
    page.get_by_role("button", name=f"Take {left[0]} away").focus()
    while left:
        page.keyboard.press("Enter")
        del left[0]
        nearest = page.get_by_role("button", name=f"Take {left[0]} away") if left else page.get_by_label("Add one")
        expect(nearest).to_be_focused()
        expect_names(page, left)


def test_doubtful_words_and_the_price_are_told_while_typing(page: Page, tom, open_profile) -> None:
    open_profile(page)
    page.get_by_role("textbox", name="About you", exact=True).fill("I am a specialist. My clients say so.")
    advice = page.locator("#advice")
    expect(advice.get_by_text("Psychology has no specialist registration.").first).to_be_visible()
    expect(advice.get_by_text("The law forbids testimonials")).to_be_visible()
    page.locator("[name=fee-session]").fill("310")
    expect(advice.get_by_text("$310.00").first).to_be_visible()
    expect(page.locator("[name=fee-session]")).to_be_focused()
    save(page)
    tom.refresh_from_db()
    fee = tom.own_fees.get(service__slug="session").fee
    assert (fee, tom.bio) == (310, "I am a specialist. My clients say so.")
