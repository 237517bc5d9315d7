"""docs/architecture.md shows the house as it is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text()
FOLDERS = ("portal/", "templates/", "static/", "locale/", "tests/", "e2e/", "docs/")


def rows(heading):
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line for line in part.splitlines() if line.startswith("| ")][1:]


def named_files(text):
    return {name for name in re.findall(r"`([\w./-]+)`", text) if name.startswith(FOLDERS)}


def test_named_files_exist():
    pages = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
    assert len(named_files(PAGE)) > 40
    gone = {
        page: sorted(name for name in named_files(text) if not (ROOT / name).exists()) for page, text in pages.items()
    }
    assert {page: names for page, names in gone.items() if names} == {}


def test_linked_pages_exist():
    links = re.findall(r"\]\(([\w./-]+\.md)\)", PAGE)
    assert sorted(link for link in links if not (ROOT / "docs" / link).exists()) == []


def test_every_page_of_the_documentation_is_linked():
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", PAGE))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - linked == {"architecture.md"}


def test_a_newcomer_is_sent_somewhere_by_every_row():
    found = rows("I want to change ...")
    assert len(found) >= 25
    assert [row for row in found if not re.search(r"`(?:portal|templates|static|locale)/", row)] == []


def test_every_floor_is_shown():
    floors = {path.parent.name for path in (ROOT / "portal").glob("*/__init__.py")}
    shown = set(re.findall(r"\b\w+\b", PAGE.split("## Floors\n", 1)[1].split("\n## ", 1)[0]))
    assert floors - shown == set()


def test_code_cites_nothing_outside_the_repository():
    """A rule's source is a page of docs/ or a law, never a note on somebody's machine."""
    outside = re.compile(r"domain facts|\bdomain/|\bshared/[A-Z]|/work/|anchors\.md")
    named = [
        path
        for folder in ("portal", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html"}
    ]
    assert [str(path.relative_to(ROOT)) for path in named if outside.search(path.read_text())] == []
