"""WCAG 2.2 AA, by axe (https://github.com/dequelabs/axe-core)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is reckoned from colours takes axe longer than all the rest together.
COLOURS = ["color-contrast", "link-in-text-block"]

RUN = "async options => (await axe.run(options)).violations"

# What axe reckons contrast from, of each element with words of its own: its ink, what it stands on, and its parent's
# ink for a link among words. Whatever floats may stand on something else, so it is told by its class as well.
LOOKS = """() => {
  const seen = new Map();
  const look = (one) => {
    if (!one) return { ink: "", ground: "", fade: "" };
    if (!seen.has(one)) {
      const style = getComputedStyle(one), above = look(one.parentElement);
      const shade = style.opacity + style.mixBlendMode + style.filter;
      const fade = shade === "1normalnone" ? above.fade : `${above.fade} ${shade}`;
      const floats = ["absolute", "fixed", "sticky"].includes(style.position) ? `@${one.className}` : "";
      const picture = style.backgroundImage === "none" ? "" : style.backgroundImage;
      const bare = style.backgroundColor === "rgba(0, 0, 0, 0)" && !picture && !floats;
      const solid = style.backgroundColor.startsWith("rgb(") && !picture && !fade;
      const own = `${style.backgroundColor}${picture}${floats}`;
      seen.set(one, {
        ink: [style.color, style.fontSize, style.fontWeight, style.textShadow, style.textDecorationLine].join(),
        ground: solid ? style.backgroundColor : bare ? above.ground : `${above.ground} ${own}`,
        fade,
      });
    }
    return seen.get(one);
  };
  window.looks = new Map();
  for (const one of document.body.querySelectorAll("*")) {
    const speaks = one.matches("input:not([type=hidden]), select, textarea")
      || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!speaks || !one.checkVisibility({ visibilityProperty: true })) continue;
    const { ink, ground, fade } = look(one);
    window.looks.set(one, [one.matches("a") ? "link" : "", ink, look(one.parentElement).ink, ground, fade].join("|"));
  }
  return [...new Set(window.looks.values())];
}"""

# Runs axe on what looks so, and says which looks passed: what it couldn't decide, or left out, is none of them.
RUN_ON_LOOKS = """async ([wanted, rules]) => {
  const include = [...window.looks].filter(([one, look]) => wanted.includes(look)).map(([one]) => one);
  const options = { runOnly: { type: "rule", values: rules }, resultTypes: ["violations", "passes"], elementRef: true };
  const { violations, passes } = await axe.run({ include }, options);
  const looks = (rules) => rules.flatMap(({ nodes }) => nodes.map(({ element }) => window.looks.get(element)));
  const wrong = new Set(looks(violations));
  const told = violations.map(({ id, impact, nodes }) => ({
    id, impact, nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })),
  }));
  const contrast = passes.filter(({ id }) => id === "color-contrast");
  return { violations: told, passed: [...new Set(looks(contrast))].filter((look) => look && !wrong.has(look)) };
}"""

# The looks that passed in this run of the tests: an ink on a ground has one contrast on every page.
_passed: set[str] = set()


def violations(page: Page, *, schemes: Sequence[str] = ("light", "dark"), is_translated: bool = False) -> list[str]:
    """What axe finds on the page as it stands, in light and in dark; the page must run script, or axe never answers.

    Dark differs from light by the values of colour tokens alone, and a translated page from its original by words. So
    of their colours only those are asked that passed on no page before.
    """
    # Half a megabyte: it goes into a page once.
    page.evaluate(AXE_SCRIPT)
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    if is_translated:
        options["rules"] = {rule: {"enabled": False} for rule in COLOURS}
    found = _told("light", page.evaluate(RUN, options))
    if is_translated:
        found += _of_new_colours(page, "light")
    if "dark" in schemes:
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += _of_new_colours(page, "dark")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found


def _of_new_colours(page: Page, scheme: str) -> list[str]:
    new = [look for look in page.evaluate(LOOKS) if look not in _passed]
    if not new:
        return []
    answer = page.evaluate(RUN_ON_LOOKS, [new, COLOURS])
    _passed.update(answer["passed"])
    return _told(scheme, answer["violations"])


def _told(scheme: str, results: list[dict[str, Any]]) -> list[str]:
    found = []
    for violation in results:
        places = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
        why = violation["nodes"][0].get("failureSummary", "").replace("\n", " ")
        found.append(f"{scheme}: {violation['id']} ({violation['impact']}) at {places}: {why}")
    return found
