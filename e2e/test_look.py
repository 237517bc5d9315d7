"""Every page of the main journey: accessible, in shape and reached by the keyboard alone.

Axe looks at each in light and in dark; the rest is what axe doesn't see: nothing runs over the edge, targets are big
enough, the keyboard reaches everything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from e2e.axe import violations
from e2e.harness import DESKTOP, Portal, resize, tab_to
from e2e.life import WORDS, Life
from e2e.places import PLACES, Place, hold_a_time, open_times
from portal.appointments.models import Appointment, Status
from tests import make

pytestmark = pytest.mark.look

NARROW, WIDE = 360, 1440
# Words that nobody should read over a shoulder, in a list of tabs or in the browser's history.
CLINICAL = re.compile(r"diagnos|anxiety|depress|grief|trauma|therap|medic(ation|ine)|mental|suicid|crisis", re.I)

RUNS_OVER = """() => {
  const over = document.scrollingElement.scrollWidth - innerWidth;
  if (over <= 0) return "";
  const rtl = document.documentElement.dir === "rtl";
  const far = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (rtl ? box.left < -1 : box.right > innerWidth + 1);
  });
  if (!far.length) {  // words that stick out of a box which itself fits
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (words.nextNode()) {
      range.selectNodeContents(words.currentNode);
      const box = range.getBoundingClientRect();
      if (box.width && (rtl ? box.left < -1 : box.right > innerWidth + 1)) far.push(words.currentNode.parentElement);
    }
  }
  return `${over} px: ` + far.slice(0, 5).map((one) => `${one.tagName.toLowerCase()}.${one.className}`).join(", ");
}"""

# The header is one line: its menu folds before anything goes below.
HEADER_WRAPS = """() => {
  const parts = [...document.querySelectorAll(".top > .wrap > *")].filter((one) => one.checkVisibility());
  const middles = parts.map((one) => { const box = one.getBoundingClientRect(); return box.top + box.height / 2; });
  return parts.length > 1 && Math.max(...middles) - Math.min(...middles) > 20;
}"""

# A link within a sentence may be as high as its line, and one stretched over its card is as big as the card.
TOO_SMALL = """() => {
  const small = [];
  for (const one of document.querySelectorAll("main :is(a[href], button, select, summary, input:not([type=hidden]))")) {
    if (!one.checkVisibility({ visibilityProperty: true }) || one.closest(".sr-only")) continue;
    const box = one.getBoundingClientRect();
    const needed = one.matches(".btn, .time") ? 43.5 : 24;
    const label = one.closest("label")?.getBoundingClientRect() ?? box;
    const height = Math.max(box.height, label.height), width = Math.max(box.width, label.width);
    if (height >= needed && width >= 24) continue;
    if (getComputedStyle(one, "::after").position === "absolute") continue;
    const sentence = one.parentElement.textContent.trim().length > one.textContent.trim().length;
    if (getComputedStyle(one).display === "inline" && sentence && needed === 24) continue;
    const words = one.textContent.trim() || one.getAttribute("aria-label") || one.name;
    small.push(`${one.tagName.toLowerCase()} "${words.slice(0, 40)}" ${Math.round(width)} x ${Math.round(height)}`);
  }
  return small;
}"""

# A button is as wide as its longest word: none is broken within.
TORN = """() => [...document.querySelectorAll("main .btn")].filter((one) => one.checkVisibility()).flatMap((one) => {
  const torn = [], texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest(".sr-only")) continue;
    for (const word of text.data.matchAll(/[A-Za-z]+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) torn.push(word[0]);
    }
  }
  return torn;
})"""


def names_of(life: Life) -> list[str]:
    people = (life.patient, life.arrived.patient, life.coming_in.patient)
    return [person.legal_last_name for person in people if person]


# All of the above at one width, which may take a moment to come, in the directions asked for.
SHAPE = f"""async ([width, directions, everything]) => {{
  for (let frames = 0; innerWidth !== width && frames < 300; frames++) await new Promise(requestAnimationFrame);
  if (innerWidth !== width) return [`at ${{width}} px it stays ${{innerWidth}} px wide`];
  const root = document.documentElement, own = root.getAttribute("dir"), found = [];
  const wraps = {HEADER_WRAPS}, runsOver = {RUNS_OVER}, tooSmall = {TOO_SMALL}, torn = {TORN};
  for (const direction of directions) {{
    root.dir = direction;
    if (wraps()) found.push(`${{direction}} at ${{width}} px the header needs a second line`);
    const over = runsOver();
    if (over) found.push(`${{direction}} at ${{width}} px runs over by ${{over}}`);
    if (!everything || direction !== "ltr") continue;
    found.push(...tooSmall().map((one) => `too small at ${{width}} px: ${{one}}`));
    found.push(...torn().map((one) => `torn at ${{width}} px: ${{one}}`));
  }}
  own === null ? root.removeAttribute("dir") : root.dir = own;
  return found;
}}"""

HEAD = "() => [document.querySelectorAll('h1').length, document.documentElement.lang, document.title]"


def out_of_shape(page: Page, *, widths: Sequence[int], directions: Sequence[str], everything: bool = True) -> list[str]:
    """What is wrong with the page's shape at each of these widths; it is left at the last one."""
    found: list[str] = []
    for width in widths:
        resize(page, width)
        found += page.evaluate(SHAPE, [width, directions, everything])
    return found


@pytest.mark.drawing
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_page_is_accessible_and_keeps_its_shape(place: Place, stand_at, life: Life) -> None:
    page = stand_at(place)
    found = violations(page)

    headings, language, title = page.evaluate(HEAD)
    assert headings == 1, "not one heading of the first level"
    assert language, "no language"
    assert re.fullmatch(r"\S.* · \S.*", title), f"the title is {title!r}"
    assert not CLINICAL.search(title), title
    assert not [name for name in [*names_of(life), WORDS] if name in title], title

    # As wide as it stands first: each other width lays the page out anew.
    found += out_of_shape(page, widths=(DESKTOP["width"], WIDE, NARROW), directions=("ltr", "rtl"))
    assert not found, "\n".join(found)


FAINT_IN_THE_DARK = """<!doctype html><html lang="en"><title>Two · lines</title><style>
  :root { color-scheme: light dark } body { background: white; color: black }
  @media (prefers-color-scheme: dark) { body { background: black; color: white } %s { color: #444 } }
</style><main><h1>Two</h1><p>Said once</p><p><span>Said twice</span></p></main></html>"""


def test_colours_that_passed_once_hide_no_others(page: Page) -> None:
    for faint in ("b", "span", "b", "span", "p"):
        page.set_content(FAINT_IN_THE_DARK % faint)
        told = violations(page)
        assert [one for one in told if "dark: color-contrast" in one and faint in one] == told
        assert bool(told) is (faint != "b")


# ---- By keyboard -----------------------------------------------------------------------------------------------------

REACHABLE = """() => { window.reachable = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0)
  .filter((one) => one.type !== "radio" || one.checked
    || !document.querySelector(`input[type=radio][name="${one.name}"]:checked`));
  return window.reachable.length;
}"""

LEFT_OUT = """() => window.reachable.filter((one) => one.dataset.visited === undefined)
  .map((one) => one.tagName + " " + (one.getAttribute("aria-label") || one.textContent || one.name).trim())"""

FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  one.dataset.visited = "";
  // A link that goes on in the next line has a box for each: the middle of both may be the words between them.
  const style = getComputedStyle(one), box = one.getClientRects()[0] ?? one.getBoundingClientRect();
  const shown = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, innerHeight) / 2);
  const card = one.closest(".card, .stat, .paper");
  const ring = [one, card].some((at) => at && getComputedStyle(at).outlineStyle !== "none"
    && parseFloat(getComputedStyle(at).outlineWidth) >= 2);
  return {
    name: `${one.tagName.toLowerCase()} "${(one.getAttribute("aria-label") || one.textContent || one.name).trim()}"`,
    ring,
    covered: !(shown && (one.contains(shown) || shown.contains(one) || shown.closest("label")?.contains(one)
      || (card && card.contains(shown)))),
    count: document.querySelectorAll("[data-visited]").length,
  };
}"""


def tab_through(page: Page) -> None:
    """Presses Tab all the way round: each stop is seen, none holds on, none is left out."""
    wanted = page.evaluate(REACHABLE)
    assert wanted > 5
    stops = 0
    for _ in range(wanted + 3):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            continue  # past the last one; the next Tab begins at the top
        if stop["count"] == stops:
            break  # been here: round
        stops = stop["count"]
        assert stop["ring"], f"no ring around {stop['name']}"
        assert not stop["covered"], f"{stop['name']} is covered when it has the focus"
    assert page.evaluate(LEFT_OUT) == []


def test_a_clinic_of_many_locations_keeps_to_a_phone(stand_at) -> None:
    page = stand_at(next(place for place in PLACES if place.name == "close the day"))
    choice = page.locator("nav.seg").first
    choice.evaluate("nav => nav.append(...Array.from({ length: 12 }, () => nav.firstElementChild.cloneNode(true)))")
    resize(page, NARROW)
    assert choice.evaluate("nav => nav.scrollWidth > nav.clientWidth"), "they all fit: the test shows nothing"
    assert page.evaluate(RUNS_OVER) == ""


@pytest.mark.parametrize(
    "name", ["home", "times", "times, one just taken", "time held, signed out", "confirm", "confirm with errors",
             "reception today", "check out", "note being written"],
)  # fmt: skip
def test_tab_goes_through_the_whole_page_and_is_seen(name: str, stand_at) -> None:
    tab_through(stand_at(next(place for place in PLACES if place.name == name)))


def test_booking_by_keyboard_alone(page: Page, portal: Portal, life: Life, sign_in) -> None:
    """From the week of times to the confirmation with Tab, Enter, Space and letters."""
    visitor = make.user(first_name="Ilse", last_name="Vantongeren")
    sign_in(page, visitor.email)
    page.goto("/book/session/?psychologist=anh-le")
    heading = page.locator("#week-heading")
    before = heading.inner_text()
    tab_to(page, "a[rel=next]")
    page.keyboard.press("Enter")
    expect(heading).not_to_have_text(before)
    tab_to(page, "button.time")
    chosen = page.evaluate("document.activeElement.value")
    page.keyboard.press("Enter")
    page.wait_for_url("**/confirm/")

    tab_to(page, "input[name=who]")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Somebody I care for")).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Me", exact=True)).to_be_checked()
    tab_to(page, "input[name$=date_of_birth]")
    page.keyboard.type("23/4/1990")
    tab_to(page, "input[name$=phone]")
    page.keyboard.type("0491 570 006")
    for policy in ("privacy", "fees"):
        tab_to(page, f"input[name=agree_{policy}]")
        page.keyboard.press("Space")
    tab_to(page, "main form button.btn")
    page.keyboard.press("Space")
    expect(page.get_by_text("Your session is booked").first).to_be_visible()

    booked = Appointment.objects.get(patient__user=visitor)
    assert booked.status == Status.BOOKED
    assert chosen.startswith(f"{booked.starts_at:%Y-%m-%d}")
    assert booked.psychologist == life.psychologist


def test_tab_starts_with_a_way_past_the_menu(page: Page, portal: Portal, life: Life) -> None:
    open_times(page)
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text(re.compile("skip", re.I))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_dialog_takes_and_gives_back_the_focus(page: Page, portal: Portal, life: Life, sign_in) -> None:
    sign_in(page, "manager@demo.example")
    page.goto("/manage/components/")
    opener = page.locator("[data-dialog=example-dialog]")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#example-dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_held_time_is_told_in_words(page: Page, portal: Portal, life: Life) -> None:
    """The minutes count down for the eye; a screen reader hears the clock time, and is not told every second."""
    hold_a_time(page)
    expect(page.locator(".hold")).to_contain_text("We hold this time for you until")
    voice = page.locator(".hold [data-voice]")
    expect(voice).to_have_attribute("role", "status")
    expect(voice).to_be_empty()
