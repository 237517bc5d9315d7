"""The phones of the demo's patients. It says on every page that it is a demo: no phone rings."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Final
from urllib.parse import urlencode

from portal.ops.twilio_stand_in.phones import Phones, Row

_STYLE: Final = """
body{font:17px/1.5 system-ui,sans-serif;margin:0;background:#f5f1e8;color:#22302b}
main{max-width:62rem;margin:2rem auto;padding:1.5rem}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:0 0 .75rem}
.demo{background:#7a4b00;color:#fff;padding:.6rem 1rem;border-radius:8px;margin:0 0 1.25rem}
.two{display:grid;gap:1.25rem;grid-template-columns:minmax(0,16rem) minmax(0,1fr);align-items:start}
@media (max-width:46rem){.two{grid-template-columns:minmax(0,1fr)}}
ul{list-style:none;margin:0;padding:0}.list a{display:block;min-height:44px;padding:.5rem .75rem;border-radius:8px;
color:inherit;text-decoration:none;overflow-wrap:anywhere}.list a[aria-current]{background:#dcebe4;font-weight:600}
.phone{background:#fff;border:1px solid #d9d0bd;border-radius:22px;padding:1.25rem;max-width:26rem}
.in,.out{padding:.6rem .9rem;border-radius:14px;margin:0 0 .75rem;max-width:85%;overflow-wrap:anywhere;
white-space:pre-wrap}
.in{background:#ece7da}.out{background:#23594b;color:#fff;margin-inline-start:auto}
.when{display:block;font-size:.8rem;opacity:.85}
label{display:block;font-weight:600;margin:.9rem 0 .25rem}
textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem .6rem;border:1px solid #6f7a74;border-radius:8px;
background:#fff;color:inherit}
button{font:inherit;font-weight:600;min-height:48px;margin-top:.75rem;padding:0 1.25rem;border:0;border-radius:8px;
background:#23594b;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid #b5541c;outline-offset:2px}
@media (prefers-color-scheme:dark){body{background:#16201c;color:#e9e4d8}.phone{background:#1f2b26;border-color:#3c4a43}
.in{background:#2f3d37}.list a[aria-current]{background:#2b4a40}textarea{background:#16201c;border-color:#93a098}}
"""


def phones(known: Phones, *, number: str = "") -> bytes:
    """All phones that a text went to or came from, newest first, and the one that is picked."""
    with known.lock:
        texts = list(known.texts)
    names = dict.fromkeys(_phone(row) for row in reversed(texts))
    number = number if number in names else next(iter(names), "")
    return _page(_list(list(names), number) + _one(number, [row for row in texts if _phone(row) == number]))


def _phone(row: Row) -> str:
    return str(row["from"] if row["direction"] == "inbound" else row["to"])


def _ours(row: Row) -> str:
    return str(row["to"] if row["direction"] == "inbound" else row["from"])


def _list(numbers: list[str], picked: str) -> str:
    if not numbers:
        return "<p>No text was sent yet.</p>"
    items = "".join(_link(number, is_picked=number == picked) for number in numbers)
    return f'<nav aria-label="Phones"><ul class="list">{items}</ul></nav>'


def _link(number: str, *, is_picked: bool) -> str:
    current = ' aria-current="page"' if is_picked else ""
    asked = escape(urlencode({"number": number}))
    return f'<li><a href="/phones/?{asked}"{current}>{escape(number)}</a></li>'


def _one(number: str, texts: list[Row]) -> str:
    if not number:
        return ""
    bubbles = "".join(_bubble(row) for row in texts)
    return (
        f'<section class="phone" aria-labelledby="whose"><h2 id="whose">{escape(number)}</h2><ul>{bubbles}</ul>'
        f'<form method="post" action="/phones/"><input type="hidden" name="number" value="{escape(number)}">'
        f'<input type="hidden" name="to" value="{escape(_ours(texts[-1]))}">'
        '<label for="body">Answer</label>'
        '<textarea id="body" name="body" rows="2" required maxlength="1600"></textarea>'
        f"<button>Send</button></form></section>"
    )


def _bubble(row: Row) -> str:
    is_theirs = row["direction"] == "inbound"
    told = "" if is_theirs else f" · {escape(row['status'])}"
    made = datetime.fromtimestamp(row["made"], UTC).astimezone()
    side = "out" if is_theirs else "in"
    words = escape(row["body"])
    return f'<li class="{side}">{words}<span class="when">{made:%d %b, %H:%M}{told}</span></li>'


def _page(inside: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Phones of the demo</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        '<main><p class="demo" role="note"><strong>Demo.</strong> These stand in for people’s phones. No text leaves '
        f'this machine.</p><h1>Phones</h1><div class="two">{inside}</div></main></body></html>'
    ).encode()
