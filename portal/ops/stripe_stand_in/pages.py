"""The page on which people pay in the demo. It says on every line that it is one, and takes test cards only."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from portal.ops.stripe_stand_in.cards import CARDS

_STYLE: Final = """
body{font:17px/1.5 system-ui,sans-serif;margin:0;background:#f5f1e8;color:#22302b}
main{max-width:30rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:14px;border:1px solid #d9d0bd}
h1{font-size:1.5rem;margin:0 0 .25rem}.sum{font-size:1.9rem;margin:.25rem 0 1rem;font-weight:600}
.demo{background:#7a4b00;color:#fff;padding:.6rem 1rem;border-radius:8px;margin:0 0 1.25rem}
label{display:block;font-weight:600;margin:.9rem 0 .25rem}
input{font:inherit;width:100%;box-sizing:border-box;min-height:44px;padding:.4rem .6rem;border:1px solid #6f7a74;
border-radius:8px;background:#fff;color:inherit}
button{font:inherit;font-weight:600;min-height:48px;width:100%;margin-top:1.1rem;border:0;border-radius:8px;background:#23594b;color:#fff;cursor:pointer}
button.quiet{background:#fff;color:#23594b;border:1px solid #23594b}
.wrong{color:#9a1c1c;font-weight:600}a{color:#1d5a4b;display:inline-block;padding:.6rem 0}
:focus-visible{outline:3px solid #b5541c;outline-offset:2px}
summary{min-height:44px;cursor:pointer;padding-top:.6rem}dt{font-family:monospace;font-size:1rem}dd{margin:0 0 .4rem}
@media (prefers-color-scheme:dark){body{background:#16201c;color:#e9e4d8}main{background:#1f2b26;border-color:#3c4a43}
input{background:#16201c;border-color:#93a098}a,button.quiet{color:#9fd6c3;background:transparent;border-color:#9fd6c3}.wrong{color:#ffb0a8}}
"""
_WHY: Final = {
    "generic_decline": "The card was declined. Try another one.",
    "insufficient_funds": "There is too little money on this card. Try another one.",
    "authentication_failed": "It was not confirmed, so nothing was paid. Try again, or another card.",
    "no_test_card": "This is a demo: type one of the test cards below. Never a card of your own.",
}


def _page(title: str, inside: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f'<main><p class="demo" role="note"><strong>Demo.</strong> This stands in for Stripe’s payment page. No money '
        f"moves.</p>{inside}</main></body></html>"
    ).encode()


def _what(page: dict[str, Any]) -> str:
    if page["mode"] == "setup":
        return "<h1>Save a card</h1><p>Nothing is charged now.</p>"
    name = page["asked"]["line_items"][0]["price_data"]["product_data"]["name"]
    return f'<h1>{escape(name)}</h1><p class="sum">${page["amount_total"] / 100:,.2f}</p>'


def pay(page: dict[str, Any], *, number: str = "", outcome: str = "") -> bytes:
    """The page with its one box; `outcome` is why the last try came to nothing."""
    wrong = _WHY.get(outcome, "The card was declined.") if outcome else ""
    said = f'<p class="wrong" role="alert" id="why">{escape(wrong)}</p>' if wrong else ""
    known = "".join(f"<dt>{_spaced(card.number)}</dt><dd>{escape(card.about)}</dd>" for card in CARDS)
    back = page.get("cancel_url") or ""
    stop = f'<a href="{escape(back)}">Back to the clinic</a>' if back else ""
    button = "Save card" if page["mode"] == "setup" else "Pay"
    described = ' aria-invalid="true" aria-describedby="why"' if wrong else ""
    return _page(
        f"Demo payment page: {button}",
        f'{_what(page)}{said}<form method="post"><label for="number">Card number</label>'
        f'<input id="number" name="number" inputmode="numeric" autocomplete="off" required value="{escape(number)}"'
        f"{described}><button>{button}</button></form>"
        f"<details{' open' if wrong else ''}><summary>Test cards</summary><dl>{known}</dl></details>{stop}",
    )


def confirm(page: dict[str, Any], number: str) -> bytes:
    """Where the cardholder's bank asks whether it is they."""
    hidden = f'<input type="hidden" name="number" value="{escape(number)}">'
    return _page(
        "Demo payment page: confirm",
        f"{_what(page)}<p>Your bank asks: is this payment yours?</p>"
        f'<form method="post">{hidden}<button name="confirmed" value="yes">Yes, confirm</button>'
        f'<button class="quiet" name="confirmed" value="no">No, stop</button></form>',
    )


def gone(back: str | None = None) -> bytes:
    """What is said of a page that is over."""
    link = f'<p><a href="{escape(back)}">Back to the clinic</a></p>' if back else ""
    return _page("Demo payment page", f"<h1>This page is over</h1><p>Nothing was paid on it.</p>{link}")


def _spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
