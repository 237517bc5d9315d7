"""A picture waits for its own form and its own sender, a day at most, and nobody else is given it."""

import uuid
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from PIL import Image

from portal.common import schedules
from portal.common.media import pending_uploads
from portal.common.media.pending_uploads import Place
from portal.common.media.uploads import save_picture

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PERSON, COLLEAGUE = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def clock(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def lying(tmp_path):
    return lambda: sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def picture(colour="teal", size=(900, 600)):
    return save_picture(Image.new("RGB", size, colour), name=uuid.uuid4().hex)


def test_what_was_kept_is_found_under_its_own_name(lying):
    place, sent = Place(PERSON, "article 1"), picture()
    word = place.keep(sent)
    found = place.find(word)
    assert (found.name, found.read()) == (sent.name, sent.read())
    assert place.name_in(word) == sent.name
    assert len(lying()) == 1


def test_word_opens_nothing_for_anybody_else_nor_for_another_form():
    word = Place(PERSON, "article 1").keep(picture())
    for place in (Place(COLLEAGUE, "article 1"), Place(PERSON, "article 2"), Place(PERSON, "")):
        assert (place.find(word), place.name_in(word)) == (None, "")
        place.drop(word)
    assert Place(PERSON, "article 1").find(word)


@pytest.mark.parametrize("word", ["", "x", "../../etc/passwd", "a:b:c", "\x00", "é" * 5000])
def test_word_of_ones_own_making_finds_and_drops_nothing(word, lying):
    place = Place(PERSON, "article 1")
    place.keep(picture())
    assert (place.find(word), place.name_in(word)) == (None, "")
    place.drop(word)
    assert len(lying()) == 1


def test_what_is_dropped_is_gone_and_dropping_twice_does_no_harm(lying):
    place = Place(PERSON, "article 1")
    word = place.keep(picture())
    for _ in range(2):
        place.drop(word)
    assert (place.find(word), lying()) == (None, [])


def test_after_a_day_the_word_is_of_no_use_and_the_file_is_swept(clock, lying):
    place = Place(PERSON, "article 1")
    word = place.keep(picture())
    clock.move_to(NOW + timedelta(hours=23))
    assert (pending_uploads.sweep(), bool(place.find(word))) == (0, True)
    younger = place.keep(picture())
    clock.move_to(NOW + timedelta(hours=24, seconds=2))
    assert place.find(word) is None
    assert (pending_uploads.sweep(), len(lying())) == (1, 1)
    assert place.find(younger)


def test_one_person_keeps_so_many_and_takes_nobody_elses_room(clock, lying):
    theirs = Place(COLLEAGUE, "article 1").keep(picture())
    words = []
    for n in range(pending_uploads.MOST + 2):
        clock.move_to(NOW + timedelta(minutes=n))
        words.append(Place(PERSON, f"article {n}").keep(picture()))
    found = [bool(Place(PERSON, f"article {n}").find(word)) for n, word in enumerate(words)]
    assert found == [False] * 2 + [True] * pending_uploads.MOST
    assert Place(COLLEAGUE, "article 1").find(theirs)
    assert len(lying()) == pending_uploads.MOST + 1


def test_sweeping_leaves_what_it_does_not_know(tmp_path):
    assert pending_uploads.sweep() == 0, "where nothing ever waited there is no folder"
    (tmp_path / "waiting").mkdir()
    for name in ("notes.txt", f"{PERSON}.1.evil.jpg"):
        (tmp_path / "waiting" / name).write_text("x")
    assert pending_uploads.sweep() == 0


def test_sweeping_is_a_job_of_the_queue():
    assert schedules.declared()["waiting"].path == f"{pending_uploads.__name__}.{pending_uploads.sweep.__name__}"


def test_page_shows_it_small_and_within_itself():
    address = pending_uploads.shown(picture(size=(1600, 1200)))
    kind, data = address.split(",", 1)
    assert kind == "data:image/jpeg;base64"
    with Image.open(BytesIO(b64decode(data))) as image:
        assert image.size == (640, 480)
