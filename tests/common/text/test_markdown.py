"""Markdown by staff: what it becomes, what can never come out of it, and that nothing holds a process up."""

import re
import time
from contextlib import suppress
from html import unescape
from urllib.parse import urlsplit

import html5lib
import pytest
from django.utils.html import escape
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.rules_block import StateBlock

from portal.common.text import markdown
from portal.common.text.markdown import MOST_CHARACTERS, MOST_PARTS, Heading, TooLong, clean, render, shorten

# What a reader's page may hold. Written down again here: a tag added to the renderer's list must be added here, too.
ELEMENTS = {
    *("p", "br", "hr", "h2", "h3", "h4", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ALLOWED = {"a": {"href", "title", "rel"}, "ol": {"start"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "th": {"scope"}}
KINDS = {"http", "https", "mailto", "tel"}
XHTML = "{http://www.w3.org/1999/xhtml}"


def faults(html):
    """What an independent parser finds in it that must not be there."""
    found = []
    for node in html5lib.parseFragment(html).iter():
        if not isinstance(node.tag, str):
            found.append("a comment")
            continue
        if node.tag == "DOCUMENT_FRAGMENT":
            continue
        name = node.tag.removeprefix(XHTML)
        if name not in ELEMENTS:
            found.append(f"<{name}>")
        for attribute, value in node.attrib.items():
            if attribute not in ALLOWED.get(name, set()):
                found.append(f"{name} {attribute}")
            elif attribute == "id" and not value.startswith("part-"):
                found.append(f"id {value}")
            elif attribute == "href" and not leads_somewhere_safe(value):
                found.append(f"href {value}")
    return found


def leads_somewhere_safe(url):
    # As browsers read it: tabs and line ends are left out, the rest of the whitespace around it too.
    read = "".join(c for c in url if c not in "\t\n\r").strip("".join(map(chr, range(33))))
    scheme = urlsplit(read).scheme
    return scheme.lower() in KINDS if scheme else read.startswith("#") or (read[:1] == "/" and read[1:2] not in "/\\")


# ---- What it becomes -------------------------------------------------------------------------------------------------


def test_common_marks():
    made = render("One **two** *three* ~~four~~ `five`\n\n- six\n\n3. seven\n\n> eight\n\n---")
    assert made.html == (
        "<p>One <strong>two</strong> <em>three</em> <s>four</s> <code>five</code></p>\n"
        "<ul>\n<li>six</li>\n</ul>\n"
        '<ol start="3">\n<li>seven</li>\n</ol>\n'
        "<blockquote>\n<p>eight</p>\n</blockquote>\n<hr>\n"
    )
    assert made.text == "One two three four five\nsix\nseven\neight"
    assert made.words == 8


def test_table_has_a_head():
    assert render("| a | b |\n|---|:-:|\n| 1 | 2 |").html == (
        '<table>\n<thead>\n<tr>\n<th scope="col">a</th>\n<th scope="col">b</th>\n</tr>\n</thead>\n'
        "<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n"
    )


@pytest.mark.parametrize(
    ("typed", "levels"),
    [
        ("# a\n\n## b\n\n### c", [2, 3, 4]),
        ("## a\n\n### b\n\n## c", [2, 3, 2]),
        ("### a\n\n###### b", [2, 3]),
        ("# a\n\n###### b\n\n###### c\n\n# d", [2, 3, 4, 2]),
        ("# a\n\n## b\n\n### c\n\n#### d\n\n##### e", [2, 3, 4, 4, 4]),
        ("a\n=\n\nb\n-", [2, 3]),
    ],
)
def test_headings_begin_below_the_title_and_skip_nothing(typed, levels):
    assert [heading.level for heading in render(typed).headings] == levels


def test_headings_have_ids_of_their_own():
    made = render("## Beim *Arzt*\n\n## Beim Arzt\n\n## 睡眠\n\n## 焦虑\n\n## getElementById\n\n## Đêm khuya")
    assert made.headings == (
        Heading(2, "part-beim-arzt", "Beim Arzt"),
        Heading(2, "part-beim-arzt-2", "Beim Arzt"),
        Heading(2, "part-3", "睡眠"),
        Heading(2, "part-4", "焦虑"),
        Heading(2, "part-getelementbyid", "getElementById"),
        Heading(2, "part-dem-khuya", "Đêm khuya"),
    )
    for heading in made.headings:
        assert f'id="{heading.id}"' in made.html


@pytest.mark.parametrize(
    ("typed", "href"),
    [
        ("[a](https://example.com/?a=1&b=2)", "https://example.com/?a=1&b=2"),
        ("<https://example.com>", "https://example.com"),
        ("[a](www.beyondblue.org.au)", "https://www.beyondblue.org.au"),
        ("[a](mailto:desk@example.com)", "mailto:desk@example.com"),
        ("<desk@example.com>", "mailto:desk@example.com"),
        ("[a](tel:131114)", "tel:131114"),
        ("[a](/services/)", "/services/"),
        ("[a](#part-then)", "#part-then"),
        ("[a](https://vi.example/giấc)", "https://vi.example/gi%E1%BA%A5c"),
    ],
)
def test_links_that_lead_somewhere(typed, href):
    (link,) = html5lib.parseFragment(render(typed).html).iter(f"{XHTML}a")
    assert (link.get("href"), link.get("rel")) == (href, "noopener noreferrer")


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)"),
        *("&#x6A;avascript&colon;alert(1)", "\x01javascript:alert(1)", "javascript&#58;alert(1)", "vbscript:x"),
        *("data:text/html,<script>alert(1)</script>", "data:image/svg+xml;base64,PHN2Zz4=", "file:///etc/passwd"),
        *("//evil.example", "\\\\evil.example", "blob:x", "about:blank", "relative/page", "?q=1"),
        *("ftp://example.com", "intent://x", "view-source:x", "feed:javascript:x", "x", "jav&#x0A;ascript:alert(1)"),
    ],
)
def test_links_that_lead_nowhere(address):
    for typed in (
        f"[a]({address})",
        f"[a](<{address}>)",
        f"<{address}>",
        f"[a][b]\n\n[b]: {address}",
        f"![a]({address})",
    ):
        html = render(typed).html
        assert "href" not in html
        assert faults(html) == []


def test_backslash_is_no_second_slash():
    """Browsers read `/\\evil.example` as another site; written out it is a page of ours that isn't there."""
    assert 'href="/%5Cevil.example"' in render("[a](/\\evil.example)").html


def test_pictures_are_not_fetched_from_elsewhere():
    assert render("![a cat](https://example.com/cat.png)").html == (
        '<p>!<a href="https://example.com/cat.png" rel="noopener noreferrer">a cat</a></p>\n'
    )


def test_words_of_scripts_without_spaces():
    assert render("焦虑让人睡不着").words == 4
    assert render("Mẹ đã ngủ.").words == 3
    assert render("don't well-known 3.5").words == 3
    assert render("word " * 221).minutes == 2


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Short.", "Short."),
        ("One sentence here. Another that is long", "One sentence here."),
        ("No end to this sentence at all", "No end to this…"),
        ("焦虑时如何入睡？我们来谈谈这个问题好吗朋友们大家好", "焦虑时如何入睡？我们来谈谈这个问题好吗…"),
    ],
)
def test_shorten(text, short):
    assert shorten(text, 20) == short


# ---- What can never come out -----------------------------------------------------------------------------------------

VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,x'></object>",
    "<embed src='javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv='refresh' content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example>",
    "<style>@import '//evil.example'</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<a href='javascript:alert(1)'>x</a>",
    '<a href="java&#10;script:alert(1)">x</a>',
    "<b id='cookie'>x</b><b id='body'>y</b>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "</p></article></main><script>alert(1)</script>",
    '[a](https://x.example "onmouseover=alert(1)")',
    '[a](https://x.example "\\"><script>alert(1)</script>")',
    "[<script>alert(1)</script>](https://x.example)",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "# <img src=x onerror=alert(1)>",
    "| <script>alert(1)</script> |\n|---|\n| <svg/onload=alert(1)> |",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "\\<script\\>alert(1)\\</script\\>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\ufeff<script>alert(1)</script>",
    "<script\u2028>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "<%73cript>alert(1)</script>",
    "{{ 7|add:7 }}{% load static %}",
]


@pytest.mark.parametrize("typed", VECTORS)
def test_vector_runs_nothing(typed):
    assert faults(render(typed).html) == []
    assert faults(clean(typed)) == []


def test_faults_are_found():
    """The judge itself: each of these would be reported."""
    assert faults(
        "<p onclick='x'>a</p><script>b</script><a href='javascript:x'>c</a><h2 id='body'>d</h2><!-- e -->"
    ) == [
        "p onclick",
        "<script>",
        "href javascript:x",
        "id body",
        "a comment",
    ]


# Pieces that mean something to one of the parsers, put together in every order.
PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            "</",
            "/>",
            "<!--",
            "-->",
            "<script>",
            "</script>",
            "<svg>",
            "<img src=x onerror=y>",
            "<iframe ",
            "<a ",
        ),
        *(
            "href=",
            "javascript:",
            "data:text/html,",
            "https://a.example/",
            "onload=",
            "style=",
            "id=",
            "'",
            '"',
            "&",
            "&lt;",
        ),
        *(
            "&#60;",
            "&colon;",
            "\\",
            "`",
            "```",
            "*",
            "**",
            "_",
            "~~",
            "[",
            "]",
            "](",
            ")",
            "![",
            "[a]: ",
            "<https:",
            "|",
            "\n|-|\n",
        ),
        *(
            "#",
            "# ",
            "- ",
            "1. ",
            "> ",
            "\n",
            "\n\n",
            "    ",
            "\t",
            "===",
            "---",
            "\x00",
            "\u202e",
            "\ufeff",
            "a",
            "é",
            "字",
            " ",
        ),
    ]
)
SOUP = st.lists(PIECES | st.text(max_size=6), max_size=40).map("".join)


@settings(max_examples=200, deadline=None)
@given(SOUP)
def test_nothing_else_comes_out_of_any_markdown(text):
    made = render(text)
    assert faults(made.html) == []
    ids = [heading.id for heading in made.headings]
    assert len(ids) == len(set(ids))
    levels = [heading.level for heading in made.headings]
    assert all(level <= before + 1 for before, level in zip([1, *levels], levels, strict=False))


@settings(max_examples=150, deadline=None)
@given(SOUP)
def test_cleaning_stands_alone_and_cleaning_twice_changes_nothing(html):
    """The second fence must hold without the first: here it is given HTML that no parser made."""
    once = clean(html)
    assert faults(once) == []
    assert clean(once) == once


# ---- Nothing holds a process up --------------------------------------------------------------------------------------

N = MOST_CHARACTERS
HEAVY = {
    "brackets": "[" * N,
    "pairs of brackets": "[]" * (N // 2),
    "links without an end": "[a](" * (N // 4),
    "nested links": "[a" * (N // 2 - 30) + "](x)" * 10,
    "pictures": "![" * (N // 2),
    "quotes": "> " * (N // 2),
    "quotes in lines": ">\n" * (N // 2),
    "lists": "- " * (N // 2),
    "lists in lists": "\n".join(" " * (2 * n) + "- a" for n in range(200)),
    "lists in quotes": "> - " * (N // 4),
    "stars": "*a " * (N // 3),
    "stars and lines": "*a_ " * (N // 4),
    "stars that close": "a*" * (N // 2),
    "strong in strong": "**" * (N // 5) + "x" + "**" * (N // 5),
    "struck out": "~~a " * (N // 4),
    "ticks": "".join("`" * n + " " for n in range(340)),
    "ticks apart": "`a" * (N // 2),
    "references": "".join(f"[{n}]: /u\n" for n in range(5000)),
    "one reference": "[a]: u\n" * (N // 7),
    "ampersands": "&" * N,
    "angles": "<" * N,
    "addresses": "<a@" * (N // 3),
    "backslashes": "\\" * N,
    "rows": "a|b\n-|-\n" + "a|b\n" * (N // 4 - 2),
    "rows that are filled up": "|" * 1000 + "\n" + "-|" * 1000 + "\n" + "a\n" * (N // 2 - 1501),
    "columns": "|" * (N // 2 - 1) + "\n" + "-|" * (N // 4),
    "headings": "# a\n" * (N // 4),
    "underlined": "a\n-\n" * (N // 4),
    "lazy lines": "> a\n" + "b\n" * (N // 2 - 4),
    "loose items": "- a\n\n" * (N // 5),
    "one word": "a" * N,
    "lines": "\n" * N,
}


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY.keys())
def test_nothing_holds_a_process_up(text):
    """As long as it may be, and in the worst order. Processor time: how busy the machine is does not count."""
    start = time.process_time()
    with suppress(TooLong):
        render(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("text", ["a" * (N + 1), "a" * 5_000_000, "- a\n" * (N // 4)])
def test_too_long_is_refused_at_once(text):
    start = time.process_time()
    with pytest.raises(TooLong):
        render(text)
    assert time.process_time() - start < 2


def test_short_rows_that_a_table_fills_up_are_counted_while_it_does(monkeypatch):
    """Six thousand characters that would be sixty thousand cells."""
    push, made = StateBlock.push, []

    def counted(state, *args):
        made.append(args)
        return push(state, *args)

    monkeypatch.setattr(StateBlock, "push", counted)
    with pytest.raises(TooLong):
        render("a|" * 990 + "\n" + "-|" * 990 + "\n" + "a\n" * 1000)
    assert len(made) == MOST_PARTS + 1


@pytest.mark.parametrize("definition", ["[a]: /{}", "[a]: /b '{}'"], ids=["address", "title"])
def test_a_reference_does_not_multiply_what_was_written(definition):
    """Thirty thousand letters, eight thousand times, would be a page of 200 MB."""
    with pytest.raises(TooLong):
        render(definition.format("c" * 30_000) + "\n\n" + "[a]" * 9_000)
    many = render(definition.format("c" * 100) + "\n\n" + "[a] " * 1_000)
    assert many.html.count("<a href") == 1_000


def test_depth_is_bounded():
    """What browsers would take a second to lay out: a thousand levels of quotes, lists and emphasis."""
    made = render(
        "> " * 500 + "- " * 500 + "".join("*a **b " for _ in range(300)) + "".join("c** d* " for _ in range(300))
    )

    def depth(node):
        return 1 + max((depth(child) for child in node), default=0)

    assert depth(html5lib.parseFragment(made.html)) < 40


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
def test_words_that_stand_too_deep_are_printed_with_their_marks(mark):
    made = render(mark * 30 + "hello\n\nafter")
    assert f"{escape(mark)}hello" in made.html
    assert f"{mark * 30}hello\nafter".endswith(made.text)


def test_version_is_counted_up_with_the_renderer():
    """An article rendered by an older version is rendered anew: change these with the renderer, and count it up."""
    assert (markdown.RENDER_VERSION, render("## a\n\n**b** [c](/d) me@a.example").html) == (
        4,
        (
            '<h2 id="part-a">a</h2>\n<p><strong>b</strong> <a href="/d" rel="noopener noreferrer">c</a> '
            '<a href="mailto:me@a.example" rel="noopener noreferrer">me@a.example</a></p>\n'
        ),
    )


@pytest.mark.parametrize(
    ("typed", "links"),
    [
        ("Read https://www.headspace.org.au/young-people/.", ["https://www.headspace.org.au/young-people/"]),
        ("(see www.beyondblue.org.au)", ["https://www.beyondblue.org.au"]),
        ("https://en.wikipedia.org/wiki/Grief_(band), too", ["https://en.wikipedia.org/wiki/Grief_(band)"]),
        (
            "https://a.example/x_y_z?b=1&c=2 and http://b.example",
            ["https://a.example/x_y_z?b=1&c=2", "http://b.example"],
        ),
        ("请看https://a.example/vi。谢谢", ["https://a.example/vi"]),
        ("انظر https://a.example/ar، ثم", ["https://a.example/ar"]),
        ("**https://a.example/bold**", ["https://a.example/bold"]),
        ("[words](https://a.example/one) https://b.example/two", ["https://a.example/one", "https://b.example/two"]),
        # What is no address, or stands where nothing is a link.
        ("[https://a.example](https://b.example)", ["https://b.example"]),
        ("`https://a.example/code`", []),
        ("    https://a.example/code", []),
        ("https:// and www. and https://localhost and me@localhost", []),
        # People are written to at theirs.
        ("Write to desk@clinic.example.au.", ["mailto:desk@clinic.example.au"]),
        ("me@www.a.example", ["mailto:me@www.a.example"]),
        (
            "(first_last+x@a-b.example), o'brien@a.example!",
            ["mailto:first_last+x@a-b.example", "mailto:o'brien@a.example"],
        ),
        ("'me@a.example' “you@a.example”: **we@a.example**", [*map("mailto:{}@a.example".format, ("me", "you", "we"))]),
        ("请写信至desk@a.example。谢谢", ["mailto:desk@a.example"]),
        ("راسلنا على desk@a.example، من فضلك", ["mailto:desk@a.example"]),
        (
            "https://a.example/?to=me@b.example www.a.example you@c.example",
            ["https://a.example/?to=me@b.example", "https://www.a.example", "mailto:you@c.example"],
        ),
        (
            "<me@a.example> [words](mailto:you@a.example) [we@a.example](/contact/)",
            ["mailto:me@a.example", "mailto:you@a.example", "/contact/"],
        ),
        ("`me@a.example`", []),
        # A part of something longer, or with a letter that only looks like one of ours.
        ("a@b@c.example git@host.example:path me@a.example/path me@a.example-x me@a.example.4", []),
        ("émile@a.example ме@a.example me@ехample.example me@a.examplé -me@a.example me.@a.example .me@a.example", []),
        ("me@-a.example me@a..example @a.example me@.example me@a", []),
        ("me@a.example?bcc=you@b.example", ["mailto:me@a.example", "mailto:you@b.example"]),
        ("javascript://www.a.example/%0aalert(1)", []),
        ("data:text/html,https", []),
    ],
)
def test_an_address_in_a_sentence_is_a_link(typed, links):
    made = render(typed)
    assert [unescape(href) for href in re.findall(r'<a href="([^"]*)"', made.html)] == links
    assert made.html.count("<a ") == made.html.count('rel="noopener noreferrer"') == len(links)
    # What it says stays the same, letter for letter.
    assert unescape(re.sub(r"<[^>]+>", "", made.html)).strip() == made.text


@pytest.mark.parametrize("typed", ["me@" * 20_000, "a.b" * 20_000, "a@b." * 15_000, "a-" * 29_000 + "@a.example"])
def test_what_is_nearly_an_address_holds_nobody_up(typed):
    started = time.process_time()
    render(typed)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "typed",
    [
        'https://a.example/"><img src=x onerror=alert(1)>',
        "www.a.example/'onmouseover='x",
        "me'onmouseover='x@a.example",
        'me@a.example"onmouseover="x',
        "me@a.example<script>",
    ],
)
def test_an_address_cannot_leave_its_attribute(typed):
    html = render(typed).html
    assert not re.search(r"<(?!/?(?:p|a)\b)", html)
    assert not re.search(r"<a [^>]*\bon\w+=", html)
