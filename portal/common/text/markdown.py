"""Markdown as staff write it, made into HTML that can run nothing.

Three fences, each enough alone: the parser takes no HTML and only addresses of four kinds, what it makes is cleaned by
an allow-list, and the pages' content policy runs no script that isn't ours. What is written is bounded, too: no text,
however long or nested, holds a process up.

An article is rendered once, when it is saved. Whoever changes what this file makes counts RENDER_VERSION up.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import nh3
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from portal.common.text.normalise import fold

RENDER_VERSION = 4

# Ten thousand words, or twenty printed pages: what a rendering takes grows with the length, and stays below a second.
MOST_CHARACTERS = 60_000
# Paragraphs, items, rows, cells, twice each. Thirty thousand table cells are few characters and a second's work.
MOST_PARTS = 12_000
# A reference is written once and may be used ten thousand times: with an address of thirty thousand letters, 60 kB of
# text would make 200 MB of page. Addresses and titles of all links together.
MOST_LINKED = 4 * MOST_CHARACTERS
# Lists in quotes in lists, and a list counts twice: further in, the marks are printed as they were typed.
DEEPEST = 12
# `**` within `_` within a link: beyond this, emphasis is left out and the words stay.
DEEPEST_EMPHASIS = 8
HIGHEST, LOWEST = 2, 4
# An id with this before it can't be one of the page's own, nor the name of a property of `document` or `window`.
ID_PREFIX = "part-"

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
TAGS = frozenset(
    {
        *("p", "br", "hr", "h2", "h3", "h4", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "pre", "code"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "th": {"scope"},
}
REL = "noopener noreferrer"

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
# An address as it stands in a sentence, up to a space, a bracket or a sign of Chinese or Arabic writing.
_BARE = re.compile(
    r"(?<![A-Za-z0-9_/@.:-])(?:https?://|www\.)"
    r"[^\s<>\"'`|\\^{}\[\]\u060c\u061b\u061f\u3000-\u9fff\uff00-\uffef]+",
    re.IGNORECASE,
)
# An e-mail address as it stands in a sentence: plain letters alone, since one of another script that looks like ours
# leads elsewhere, and no part of something longer (`me@a@b.example`, `git@host.example:x`). Chinese may stand against
# it. Each part is bounded, and begins where no letter stands before it: a long text is read once.
_MAIL = re.compile(
    r"(?<![A-Za-z0-9_.%+@/:\u00c0-\u05ff\u0620-\u1fff-])(?<![A-Za-z0-9]')"
    r"[A-Za-z0-9](?:[A-Za-z0-9_.+'-]{0,62}[A-Za-z0-9_])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}"
    r"(?![A-Za-z0-9_@/\u00c0-\u05ff\u0620-\u1fff-]|\.[A-Za-z0-9]|:\S)"
)
# What ends a sentence rather than an address.
_AFTER_IT = ".,;:!?*_~’”»…"
_WITHOUT_SCHEME = re.compile(r"www\.[\w-]+\.", re.ASCII | re.IGNORECASE)
# A host has a name with a dot in it: `https://` alone is a word.
_HOST = re.compile(r"(?:https?://)?(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,}(?=[:/?#]|$)", re.IGNORECASE)
# Browsers leave these out of an address, wherever they stand: `java\nscript:` is `javascript:` to them.
_LEFT_OUT = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
# Written without spaces: Chinese, Japanese, Thai, Lao, Khmer, Burmese. A word there is about two characters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
WORDS_PER_MINUTE = 220


class TooLong(ValueError):
    """The text has more than MOST_CHARACTERS characters or MOST_PARTS parts, or its links more than MOST_LINKED."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a text, with the anchor that leads to it."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """`html` is safe to print. `text` is what it says, without marks, one line for each block."""

    html: SafeString
    headings: tuple[Heading, ...]
    words: int
    text: str

    @property
    def minutes(self) -> int:
        """How long an unhurried reader takes, in minutes; at least one."""
        return minutes_to_read(self.words)


def minutes_to_read(words: int) -> int:
    """Whole minutes, one at the least."""
    return max(1, math.ceil(words / WORDS_PER_MINUTE))


def render(text: str) -> Rendered:
    """Makes HTML of Markdown: CommonMark with tables and struck-out words, no HTML, no pictures.

    Headings begin at h2 and skip no level, whatever was typed. Raises TooLong.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooLong
    tokens = _parser.parse(text.replace("\x00", "\ufffd"), {})
    headings = tuple(_number(tokens))
    plain = _plain(tokens)
    html = clean(_parser.renderer.render(tokens, _parser.options, {}))
    return Rendered(html, headings, count_words(plain), plain)


def clean(html: str) -> SafeString:
    """Leaves of some HTML what the allow-list names. Cleaning twice changes nothing."""
    return mark_safe(  # noqa: S308  this is the place that makes it safe
        nh3.clean(
            html,
            tags=set(TAGS),
            attributes=ATTRIBUTES,
            url_schemes=set(SCHEMES),
            link_rel=REL,
            attribute_filter=_checked_attribute,
            strip_comments=True,
        )
    )


def _checked_attribute(tag: str, name: str, value: str) -> str | None:
    match name:
        case "id":
            return value if re.fullmatch(rf"{ID_PREFIX}[a-z0-9-]+", value) else None
        case "href":
            return value if is_address(value) else None
        case "start":
            return value if re.fullmatch(r"[0-9]{1,9}", value) else None
        case "scope":
            return value if value == "col" else None
    return value


def is_address(url: str) -> bool:
    """Whether a link may lead there: another site, a mailbox, a telephone, a page here or a place on this page."""
    bare = _LEFT_OUT.sub("", url)
    if scheme := _SCHEME.match(bare):
        return scheme[1].lower() in SCHEMES and bare == url
    return bare == url and (bare.startswith("#") or (bare.startswith("/") and not bare.startswith("//")))


def count_words(text: str) -> int:
    """Words of any script; where none are spaced apart, about two characters make one."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + math.ceil(unspaced / 2)


def shorten(text: str, most: int) -> str:
    """At most `most` characters, cut after a sentence that ends late enough, else after a word."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    start = text[:most]
    sentences = [m.end() for m in re.finditer(r"[.!?](?=\s)|[。！？؟]", start)]
    if sentences and sentences[-1] > most // 2:
        return start[: sentences[-1]]
    cut = start[: most - 1].rstrip()
    spaced = cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut
    return spaced.rstrip(" ,;:-–—") + "…"


# ---- The parser -----------------------------------------------------------------------------------------------------


class _Parser(MarkdownIt):
    """Links where our pages may link to, and nowhere else."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the parser calls it so
        return is_address(url)

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return normalizeLink(f"https://{url}" if _WITHOUT_SCHEME.match(url) else url)


def _make_parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "maxNesting": DEEPEST + 2})
    parser.enable(["table", "strikethrough"])
    parser.disable(["image", "html_block", "html_inline"])
    for name, rule, interrupts in (
        ("blockquote", blockquote, ["paragraph", "reference", "blockquote", "list"]),
        ("list", list_block, ["paragraph", "reference", "blockquote"]),
    ):
        parser.block.ruler.at(name, _not_too_deep(rule), {"alt": interrupts})
    parser.core.ruler.before("block", "bounded", _keep_bounded)
    parser.core.ruler.push("bare", _link_bare_addresses)
    parser.core.ruler.push("linked", _keep_links_short)
    parser.core.ruler.push("shallow", _keep_shallow)
    parser.core.ruler.push("scoped", _scope_columns)
    return parser


_parser: Any = SimpleLazyObject(_make_parser)


def _not_too_deep(rule: Callable[..., bool]) -> Callable[..., bool]:
    """Past `maxNesting` the parser leaves out the words; here only the marks lose their meaning."""

    def bounded(state: StateBlock, first: int, last: int, silent: bool) -> bool:
        return state.level < DEEPEST and rule(state, first, last, silent)

    return bounded


class _Bounded(list[Token]):
    """Says that it is too much as soon as it is: a table may fill up its short rows with sixty thousand cells."""

    def append(self, token: Token) -> None:
        if len(self) >= MOST_PARTS:
            raise TooLong
        super().append(token)


def _keep_bounded(state: StateCore) -> None:
    state.tokens = _Bounded()


def _link_bare_addresses(state: StateCore) -> None:
    """Makes links of addresses that stand in a sentence as they are; never within a link or in code."""
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        linked, within = list[Token](), 0
        for child in token.children:
            within += child.nesting if child.type in {"link_open", "link_close"} else 0
            if child.type == "text" and not within:
                linked.extend(_with_links(state, child))
            else:
                linked.append(child)
        token.children = linked


def _with_links(state: StateCore, text: Token) -> Iterator[Token]:
    done = 0
    for start, written in _bare_in(text.content):
        address = state.md.normalizeLink(f"mailto:{written}" if _MAIL.fullmatch(written) else written)
        if start < done or not state.md.validateLink(address):
            continue
        if start > done:
            yield Token("text", "", 0, content=text.content[done:start], level=text.level)
        yield Token("link_open", "a", 1, attrs={"href": address}, markup="linkify", info="auto", level=text.level)
        yield Token("text", "", 0, content=written, level=text.level + 1)
        yield Token("link_close", "a", -1, markup="linkify", info="auto", level=text.level)
        done = start + len(written)
    if done < len(text.content):
        yield Token("text", "", 0, content=text.content[done:], level=text.level)


def _bare_in(text: str) -> list[tuple[int, str]]:
    """Where addresses of pages and of people stand in a text, in its order; one within another comes after it."""
    pages = ((match.start(), _address_alone(match[0])) for match in _BARE.finditer(text))
    people = ((match.start(), match[0]) for match in _MAIL.finditer(text))
    return sorted([*((at, page) for at, page in pages if _HOST.match(page)), *people])


def _address_alone(found: str) -> str:
    """Without what belongs to the sentence: the full stop after it, and a bracket that was opened before it."""
    end = len(found)
    while end:
        is_unopened = found[end - 1] == ")" and found.count(")", 0, end) > found.count("(", 0, end)
        if not is_unopened and found[end - 1] not in _AFTER_IT:
            break
        end -= 1
    return found[:end]


def _keep_links_short(state: StateCore) -> None:
    links = (child for token in state.tokens for child in token.children or () if child.type == "link_open")
    if sum(len(str(value)) for link in links for value in link.attrs.values()) > MOST_LINKED:
        raise TooLong


def _scope_columns(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "th_open":
            token.attrs = {"scope": "col"}


def _keep_shallow(state: StateCore) -> None:
    """Takes out emphasis within emphasis within emphasis: a thousand levels would make every reader's browser slow."""
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        depth = 0
        kept = []
        for child in token.children:
            if child.nesting < 0:
                depth -= 1
                within = depth
            else:
                within = depth
                depth += child.nesting
            if child.nesting == 0 or within < DEEPEST_EMPHASIS:
                kept.append(child)
        token.children = kept


def _number(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Gives headings their level and id, and yields them."""
    opened = [(token, tokens[n + 1]) for n, token in enumerate(tokens) if token.type == "heading_open"]
    closed = [token for token in tokens if token.type == "heading_close"]
    if not opened:
        return
    highest = min(int(token.tag[1]) for token, _ in opened)
    before, used, last = HIGHEST - 1, set[str](), Counter[str]()
    for (token, inline), end in zip(opened, closed, strict=True):
        level = min(int(token.tag[1]) - highest + HIGHEST, before + 1, LOWEST)
        before = level
        text = " ".join(_words_of(inline).split())
        stem = slugify(fold(text))[:60].strip("-") or str(len(used) + 1)
        name = stem
        while name in used:
            # The count goes on from the last heading of this name: a thousand alike are numbered in one walk.
            last[stem] += 1
            name = f"{stem}-{last[stem] + 1}"
        used.add(name)
        token.tag = end.tag = f"h{level}"
        token.attrSet("id", ID_PREFIX + name)
        yield Heading(level, ID_PREFIX + name, text)


def _words_of(inline: Token) -> str:
    parts = []
    for child in inline.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.content:
            parts.append(child.content)
    return "".join(parts)


def _plain(tokens: Sequence[Token]) -> str:
    lines = []
    for token in tokens:
        if token.type == "inline":
            lines.append(" ".join(_words_of(token).split()))
        elif token.type in {"fence", "code_block"}:
            lines.append(token.content.strip())
    return "\n".join(line for line in lines if line)
