import pytest

from portal.common.languages.offered import languages, path_in, speaks


def test_languages_carry_their_own_names():
    assert [(language.code, language.name, language.direction) for language in languages()] == [
        ("en-au", "English", "ltr"),
        ("zh-hans", "简体中文", "ltr"),
        ("vi", "Tiếng Việt", "ltr"),
        ("ar", "العربية", "rtl"),
    ]


@pytest.mark.parametrize(
    ("path", "code", "there"),
    [
        ("/", "ar", "/ar/"),
        ("/ar/", "en-au", "/"),
        ("/ar/", "ar", "/ar/"),
        ("/zh-hans/blog/", "vi", "/vi/blog/"),
        ("/psychologists/?mode=video&language=ar", "ar", "/ar/psychologists/?mode=video&language=ar"),
        ("/ar/book/?week=2026-11-23", "en-au", "/book/?week=2026-11-23"),
        ("/arbitrary/", "vi", "/vi/arbitrary/"),
        ("/articles/ar/", "vi", "/vi/articles/ar/"),
        ("/fr/", "vi", "/vi/fr/"),
        # Never another site's address.
        ("/ar//evil.example/", "en-au", "/evil.example/"),
        ("/ar/\\evil.example/", "en-au", "/evil.example/"),
        ("//evil.example/", "en-au", "/evil.example/"),
        ("//evil.example/", "ar", "/ar/evil.example/"),
    ],
)
def test_same_page_in_another_language(path, code, there):
    assert path_in(path, code) == there


@pytest.mark.parametrize("code", ["", "fr", "AR", "../x", None])
def test_a_language_that_is_not_spoken_is_refused(code):
    assert not speaks(code)
    with pytest.raises(ValueError, match="is not a language"):
        path_in("/", code)
