"""WCAG 2.2 AA, by axe (https://github.com/dequelabs/axe-core)."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Dark differs from light by the values of colour tokens alone, so only what is reckoned from colours is asked again.
RULES = {
    "light": {"type": "tag", "values": WCAG},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}


def violations(page: Page, *, schemes: Sequence[str] = ("light", "dark")) -> list[str]:
    """What axe finds on the page as it stands, in light and in dark; the page must run script, or axe never answers."""
    found = []
    # Half a megabyte: it goes into a page once.
    page.evaluate(AXE_SCRIPT)
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        results = page.evaluate(
            "async options => (await axe.run(options)).violations",
            {"runOnly": RULES[scheme], "resultTypes": ["violations"]},
        )
        for violation in results:
            places = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
            why = violation["nodes"][0].get("failureSummary", "").replace("\n", " ")
            found.append(f"{scheme}: {violation['id']} ({violation['impact']}) at {places}: {why}")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found
