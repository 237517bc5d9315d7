"""Pictures that should not be taken: each gets a clear word, and what else was typed stays."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from e2e.harness import Portal
from portal.clinic.models import Psychologist


def photo(size: tuple[int, int] = (1200, 900)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def heavy() -> bytes:
    """A real JPEG with 30 MB behind its end, as cameras append to theirs."""
    return photo() + bytes(30 * 1024 * 1024)


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


REFUSED: dict[str, Callable[[], bytes]] = {
    "heavy.jpg": heavy,
    "drawing.png": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page.png": lambda: b"<!doctype html><script>alert(1)</script>",
    "bomb.png": bomb,
}


@pytest.fixture
def profile(page: Page, portal: Portal, sign_in) -> Page:
    sign_in(page, "manager@demo.example")
    page.goto("/manage/staff/")
    page.get_by_role("link", name="Tom Ashby").click()
    page.get_by_role("link", name="profile").first.click()
    return page


@pytest.mark.look
@pytest.mark.parametrize("name", REFUSED)
def test_a_picture_that_is_none_is_refused_with_a_word(profile: Page, tmp_path: Path, name: str) -> None:
    profile.get_by_label("One line about them").fill("Typed before the picture was refused")
    (tmp_path / name).write_bytes(REFUSED[name]())
    profile.get_by_label("Photo", exact=True).set_input_files(tmp_path / name)
    profile.get_by_role("button", name="Save").first.click()
    expect(profile.get_by_label("Photo", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(profile.get_by_label("One line about them")).to_have_value("Typed before the picture was refused")
    assert not Psychologist.objects.get(slug="tom-ashby").photo


def test_a_photo_is_taken_and_shown_to_visitors(profile: Page, portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "me.jpg").write_bytes(photo())
    profile.get_by_label("Photo", exact=True).set_input_files(tmp_path / "me.jpg")
    profile.get_by_role("button", name="Save").first.click()
    expect(profile.get_by_text("The profile of Tom Ashby is saved.")).to_be_visible()
    answer = profile.request.get(f"{portal.url}/psychologists/tom-ashby/photo/")
    assert answer.status == 200
    assert answer.headers["content-type"] in {"image/jpeg", "image/webp"}
    assert Image.open(io.BytesIO(answer.body())).size[0] <= 1200
    Psychologist.objects.filter(slug="tom-ashby").update(photo="")
