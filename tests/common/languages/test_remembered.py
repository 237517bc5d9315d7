import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext, trans_real

from portal.common.languages.remembered import remember_words

WORDS = ["Today", "Invoices", "Sign in", "This field is required.", "no such words", "%(n)s free", "Email", ""]
LANGUAGES = ["en-au", "zh-hans", "vi", "ar"]


@pytest.fixture
def forgotten(monkeypatch):
    """Catalogues of this test's own."""
    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(trans_real, "_default", None)
    with translation.override(translation.get_language()):
        yield


def said():
    found = {}
    for language in LANGUAGES:
        with translation.override(language):
            found[language] = (
                [gettext(word) for word in WORDS],
                [pgettext("day, time", "%(day)s, %(time)s"), pgettext("nowhere", "Today")],
                [ngettext("%(num)d hour", "%(num)d hours", n) for n in range(13)],
            )
    return found


def test_words_are_what_they_were(forgotten):
    before = said()
    remember_words()
    assert said() == before == said()
    assert len({tuple(words) for words, *_ in before.values()}) == len(LANGUAGES)


def test_each_word_is_looked_for_once(forgotten):
    remember_words()
    english = trans_real.translation("en-au")
    with translation.override("en-au"):
        for _ in range(3):
            gettext("Today")
    assert (english.gettext.cache_info().misses, english.gettext.cache_info().hits) == (1, 2)
