import time

from hypothesis import given
from hypothesis import strategies as st

from portal.common.text.differences import Piece, by_paragraphs, by_words, changed_only

TEXTS = st.text(alphabet=st.sampled_from("ab é.,\t"), max_size=60)


@given(TEXTS, TEXTS)
def test_pieces_make_both_texts_again(before, after):
    pieces = by_words(before, after)
    assert "".join(p.text for p in pieces if p.kind != "added") == before
    assert "".join(p.text for p in pieces if p.kind != "removed") == after


@given(st.lists(TEXTS, max_size=8), st.lists(TEXTS, max_size=8))
def test_paragraphs_make_both_texts_again(before, after):
    found = by_paragraphs(before, after)

    def joined(without):
        return "".join(p.text for paragraph in found for p in paragraph.pieces if p.kind != without)

    assert joined("added") == "".join(before)
    assert joined("removed") == "".join(after)


def test_a_rewritten_paragraph_is_shown_once():
    found = by_paragraphs(
        ["The first.", "Free until 48 hours before."], ["The first.", "Free until 24 hours before.", "A new one."]
    )
    assert [paragraph.kind for paragraph in found] == ["same", "changed", "added"]
    assert found[1].pieces == (
        Piece("same", "Free until "),
        Piece("removed", "48"),
        Piece("added", "24"),
        Piece("same", " hours before."),
    )
    assert len(changed_only(found)) == 2


def test_long_texts_do_not_hang():
    before = [f"word{n} " * 40 for n in range(300)]
    after = [f"other{n} " * 40 for n in range(300)]
    began = time.perf_counter()
    by_paragraphs(before, after)
    by_words("a b " * 20_000, "b a " * 20_000)
    assert time.perf_counter() - began < 5
