import gettext
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.common.languages.catalogues import compile_stale

WORDS = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Find a time"
msgstr "Tìm giờ hẹn"

#, fuzzy
msgid "Sign in"
msgstr "Đăng xuất"
"""


@pytest.fixture
def words(tmp_path):
    source = tmp_path / "vi" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(WORDS)
    return source


def said(source, message):
    with source.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file).gettext(message)


def test_words_are_compiled_once(words, tmp_path):
    assert compile_stale(tmp_path) == [words.with_suffix(".mo")]
    assert said(words, "Find a time") == "Tìm giờ hẹn"
    assert compile_stale(tmp_path) == []


def test_changed_words_are_compiled_again(words, tmp_path):
    compile_stale(tmp_path)
    words.write_text(WORDS.replace("Tìm giờ hẹn", "Tìm giờ"))
    os.utime(words, ns=(words.stat().st_mtime_ns + 10**9,) * 2)
    assert compile_stale(tmp_path) == [words.with_suffix(".mo")]
    assert said(words, "Find a time") == "Tìm giờ"


def test_unsure_words_are_left_out(words, tmp_path):
    compile_stale(tmp_path)
    assert said(words, "Sign in") == "Sign in"


def test_processes_that_start_together_leave_one_whole_catalogue(words, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _turn: compile_stale(tmp_path), range(16)))
    assert said(words, "Find a time") == "Tìm giờ hẹn"
    assert sorted(path.name for path in words.parent.iterdir()) == ["django.mo", "django.po"]


def test_a_folder_that_may_not_be_written_is_told_and_stops_nothing(words, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("tempfile.mkstemp", lambda **kwargs: (_ for _ in ()).throw(PermissionError("read-only")))
    assert compile_stale(tmp_path) == []
    assert "could not be compiled" in caplog.text


def test_a_file_that_is_being_written_leaves_the_words_of_before(words, tmp_path, caplog):
    compile_stale(tmp_path)
    words.write_bytes(b'msgid "a"\nmsgstr "T\xe1\xba')
    os.utime(words, ns=(words.stat().st_mtime_ns + 10**9,) * 2)
    assert compile_stale(tmp_path) == []
    assert said(words, "Find a time") == "Tìm giờ hẹn"
    assert "could not be compiled" in caplog.text
