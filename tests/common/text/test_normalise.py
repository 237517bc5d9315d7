import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.text.normalise import fold, full_name


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        ("Mai", "Nguyễn", "Mai Nguyễn"),
        ("小明", "王", "王小明"),
        ("민준", "김", "김민준"),
        ("Ming", "王", "Ming 王"),
        ("小明", "Wang", "小明 Wang"),
        ("小明", "", "小明"),
        ("", "王", "王"),
        ("", "", ""),
        ("عمر", "حداد", "عمر حداد"),
    ],
)
def test_full_name(first, last, written):
    assert full_name(first, last) == written


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Nguyễn", "nguyen"),
        ("ĐẶNG", "dang"),
        ("O’Brien", "o'brien"),
        ("Łukasz Øystein", "lukasz oystein"),
        ("Straße", "strasse"),
        ("Ærø", "aero"),
        ("İpek ışık", "ipek isik"),
        ("王小明", "王小明"),
        ("عَرَبِيّ", "عربي"),
        ("ＭＡＩ", "mai"),
    ],
)
def test_fold(typed, folded):
    assert fold(typed) == folded


@given(st.text())
def test_fold_twice_is_fold_once(text):
    assert fold(fold(text)) == fold(text)
