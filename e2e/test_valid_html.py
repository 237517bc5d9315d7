"""Every page is valid HTML, as the server sends it: no parse error, and nothing the Nu checker minds.

The checker (https://validator.github.io/validator/) needs Java and 30 MB. `.ci/run` fetches it, for PORTAL_VNU.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.entities import html5
from pathlib import Path

import html5lib
import pytest

from e2e.life import NEWCOMER, PATIENT, VISITOR
from e2e.places import PLACES

# All of it in one worker: its pages are fetched once.
pytestmark = [pytest.mark.look, pytest.mark.drawing, pytest.mark.xdist_group("test_valid_html")]

VNU = os.environ.get("PORTAL_VNU", "")
HAS_CHECKER = bool(VNU and Path(VNU).is_file() and shutil.which("java"))
# Compiled quickly instead of well, it takes half as long: it lives for seconds. Its own stack is too small then.
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-Xss4m"]
# Safari's screen reader forgets that a list without bullets is one, unless it is told.
MEANT = re.compile(r"The “list” role is unnecessary for element")


@pytest.fixture(scope="module")
def sources(portal, life, _windows, tmp_path_factory) -> dict[str, Path]:
    """Each page that an address is enough for, and those of readers and patients in Arabic too."""
    folder = tmp_path_factory.mktemp("pages")
    kept: dict[str, Path] = {}
    for place in (place for place in PLACES if place.path):
        page, _ = _windows(place.who)
        paths = {place.name: place.path.format(life=life)}
        if place.who in {VISITOR, NEWCOMER, PATIENT}:
            paths[f"{place.name} in Arabic"] = place.path_in("ar", life)
        for name, path in paths.items():
            response = page.request.get(portal.url + path)
            assert response.status < 500, f"{name}: {response.status}"
            if "text/html" not in response.headers.get("content-type", ""):
                continue
            kept[name] = folder / f"{re.sub(r'[^a-z]+', '-', name.lower())}.html"
            kept[name].write_bytes(response.body())
    portal.new_errors()  # "not found" and "not allowed" are told to the log, as they should be
    return kept


def test_every_named_character_is_known(sources: dict[str, Path]) -> None:
    """The one error of parsing that the Nu checker lets pass."""
    assert len(sources) > 80
    named = {name: set(re.findall(r"&([A-Za-z][A-Za-z0-9]*;)", path.read_text())) for name, path in sources.items()}
    assert set().union(*named.values()) >= {"amp;", "quot;"}
    assert {name: found - html5.keys() for name, found in named.items() if found - html5.keys()} == {}


@pytest.mark.skipif(HAS_CHECKER, reason="the Nu checker parses them too")
def test_every_page_parses_without_an_error(sources: dict[str, Path]) -> None:
    wrong = {}
    for name, path in sources.items():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(path.read_bytes(), transport_encoding="utf-8")
        if parser.errors:
            wrong[name] = [(at, kind, words) for at, kind, words in parser.errors][:3]
    assert wrong == {}


@pytest.mark.skipif(not HAS_CHECKER, reason="PORTAL_VNU names no vnu.jar, or there is no Java")
def test_the_nu_checker_finds_nothing(sources: dict[str, Path]) -> None:
    names = {path.name: name for name, path in sources.items()}
    command = [*JAVA, "-jar", VNU, "--stdout", "--exit-zero-always", "--format", "json", *map(str, sources.values())]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found = [
        f"{names[message['url'].rsplit('/', 1)[-1]]}: {message['message']} {message.get('extract', '')!r}"
        for message in json.loads(told.stdout)["messages"]
        if not MEANT.match(message["message"])
    ]
    assert found == [], "\n".join(found)
