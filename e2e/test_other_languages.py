"""Every page that readers and patients see, in the three other languages: accessible, in shape, and all of it said.

Whatever stands on a page in another language than the page's, such as an article or a service's name, says so.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from e2e.axe import violations
from e2e.life import NEWCOMER, PATIENT, VISITOR
from e2e.places import PLACES, Place
from e2e.test_look import NARROW, WIDE, out_of_shape

pytestmark = [pytest.mark.look, pytest.mark.drawing]

THEIRS = [place for place in PLACES if place.path and place.who in {VISITOR, NEWCOMER, PATIENT}]

# Text that is shown, or read out, and is not marked as being in another language; names of people and places, which
# have no language, carry translate="no".
UNMARKED = """() => {
  const texts = [];
  const own = document.documentElement.lang;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let node;
  while ((node = walker.nextNode())) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, template, noscript, [translate=no]")) continue;
    if (parent.closest("[lang]").lang !== own) continue;
    texts.push(node.data.trim().replace(/\\s+/g, " "));
  }
  for (const one of document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")) {
    if (one.closest("[translate=no]") || one.closest("[lang]").lang !== own) continue;
    for (const name of ["aria-label", "placeholder", "title", "alt"])
      if (one.getAttribute(name)) texts.push(one.getAttribute(name));
  }
  // A title that says its own language is an article's.
  const said = document.querySelector("title").lang;
  return said && said !== own ? texts : [document.title, ...texts];
}"""
# Three English words in a row are a phrase. Names of the clinic, of helplines and of brands are shorter, or listed.
PHRASE = re.compile(r"(?:\b[A-Za-z][a-z']+\b[\s,]+){2,}\b[a-z']+\b")
NAMES = re.compile(
    r"Banksia Lane( Psychology)?|Suicide Call Back( Service)?|Kids Helpline|Lifeline|Mai Nguyễn|Tom Ashby|Beyond Blue|"
    r"mental health treatment plan|Psychology Board of Australia|Office of the Australian Information Commissioner|"
    r"Health Complaints Commissioner"
)

# Marks of half a width beside Chinese, and a space where its own marks stand.
CHINESE = re.compile(
    r"[\u3400-\u9fff] ?[,;:!?()]|[,;:!?(] ?[\u3400-\u9fff]|[，。：；？！、（）“”] +[^\s·]|[^\s·] +[，。：；？！、（）”]"
)


def english_on(page: Page) -> list[str]:
    texts = [NAMES.sub("", text) for text in page.evaluate(UNMARKED)]
    return sorted({text[:120] for text in texts if PHRASE.search(text)})


@pytest.mark.parametrize("code", ["zh-hans", "vi", "ar"])
@pytest.mark.parametrize("place", THEIRS, ids=str)
def test_page_is_said_in_full_and_keeps_its_shape(place: Place, code: str, stand_at) -> None:
    page = stand_at(place.in_language(code))
    root = page.locator("html")
    assert root.get_attribute("lang") == code
    assert (root.get_attribute("dir") or "ltr") == ("rtl" if code == "ar" else "ltr")
    direction = "rtl" if code == "ar" else "ltr"
    found = out_of_shape(page, widths=(1280, WIDE, 1100, 900, NARROW), directions=[direction], everything=False)
    if code == "zh-hans":
        texts = sorted({text[:120] for text in page.evaluate(UNMARKED) if CHINESE.search(text)})
        found += [f"with marks or spaces of another language: {text}" for text in texts]
    # Vietnamese is written in Latin letters too: a phrase without any of its own marks is rare, but not wrong.
    if code != "vi":
        found += [f"in English: {text}" for text in english_on(page)]
    # What only pages in another language show has the same colours in each of them: one is looked at in the dark.
    found += violations(page, schemes=["light", "dark"] if code == "ar" else ["light"], is_translated=True)
    assert not found, "\n".join(found)
