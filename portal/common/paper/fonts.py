"""The typefaces of printed papers: one that comes with the portal, then whatever this machine has for other scripts.

Source Sans covers Latin, Vietnamese, Greek and Cyrillic. Arabic and Chinese come from a font of the system, or from one
that was put into the data folder's `fonts`. Only TrueType outlines can be embedded, so others are passed over.
"""

from __future__ import annotations

import importlib.util
import logging
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

log = logging.getLogger(__name__)

# Where systems keep a font with many scripts, the best first. The second is its bold, where there is one.
SYSTEM = [
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
    ("/usr/share/fonts/TTF/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf"),
    ("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf"),
    ("/System/Library/Fonts/Supplemental/Arial Unicode.ttf", None),
    ("/Library/Fonts/Arial Unicode.ttf", None),
    ("C:/Windows/Fonts/arial.ttf", "C:/Windows/Fonts/arialbd.ttf"),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", None),
    ("/usr/share/fonts/google-droid-sans-fonts/DroidSansFallbackFull.ttf", None),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", None),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", None),
    ("/usr/share/fonts/wenquanyi/wqy-microhei/wqy-microhei.ttc", None),
    ("C:/Windows/Fonts/msyh.ttc", "C:/Windows/Fonts/msyhbd.ttc"),
    ("C:/Windows/Fonts/simhei.ttf", None),
]
# Python packages that carry a font, as (package, file).
PACKAGED = [("paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc")]

# One letter of each script that the clinic's languages are written in.
NEEDED = {"Latin": "A", "Vietnamese": "ễ", "Arabic": "\u0639", "Chinese": "王"}
# What stands for a letter that no font has, the first that can be drawn.
STAND_INS = "\N{REPLACEMENT CHARACTER}\N{WHITE SQUARE}?"


@dataclass(frozen=True, slots=True)
class Face:
    """A family of letters, by its files; `bold` is None where it has none of its own."""

    family: str
    regular: Path
    bold: Path | None

    @property
    def files(self) -> list[Path]:
        """Those that are there."""
        return [path for path in (self.regular, self.bold) if path]


@dataclass(frozen=True, slots=True)
class Setting:
    """How a text is set: the faces it needs, and the letters that none of them has."""

    faces: tuple[Face, ...]
    missing: frozenset[str]
    stand_in: str

    @property
    def missing_scripts(self) -> list[str]:
        """The scripts of the letters that no font has."""
        return sorted({script_of(letter) for letter in self.missing})

    def apply(self, text: str) -> str:
        """The text to draw, with a visible stand-in for each letter that can't be."""
        return clean(text).translate({ord(letter): self.stand_in for letter in self.missing})


def clean(text: str) -> str:
    """Composed letters, and no characters that are never drawn: controls, direction marks, joiners, lone surrogates."""
    composed = unicodedata.normalize("NFC", text)
    # Asked of each character once: a paper has ten thousand, and a hundred different ones.
    never = {c for c in set(composed) - set("\t\n") if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}}
    return composed.translate(dict.fromkeys(map(ord, never))) if never else composed


def choose(text: str) -> Setting:
    """Finds faces for every letter of `text`, as few as do. A letter that no face has is logged by its script."""
    faces = [body()]
    wanted = {c for c in set(clean(text)) if not c.isspace()} - covered(faces[0].regular)
    for face in fallbacks():
        if not wanted:
            break
        if found := wanted & covered(face.regular):
            faces.append(face)
            wanted -= found
    if not wanted:
        return Setting(tuple(faces), frozenset(), "")
    stand_in, drawn_by = next((c, f) for c in STAND_INS for f in (body(), *fallbacks()) if c in covered(f.regular))
    if drawn_by not in faces:
        faces.append(drawn_by)
    setting = Setting(tuple(faces), frozenset(wanted), stand_in)
    log.warning("no font on this machine has letters of: %s", ", ".join(setting.missing_scripts))
    return setting


def script_of(letter: str) -> str:
    """`HEBREW`, `CJK`: the first word of a letter's own name, which tells nothing of the person whose name it is in."""
    return unicodedata.name(letter, "UNNAMED").split()[0].split("-")[0]


def missing_scripts() -> list[str]:
    """The scripts of the clinic's languages that papers can't be printed in on this machine."""
    faces = [body(), *fallbacks()]
    return [script for script, letter in NEEDED.items() if not any(letter in covered(f.regular) for f in faces)]


@lru_cache(maxsize=1)
def body() -> Face:
    """The face that papers are set in."""
    import font_source_sans_pro

    folder = Path(font_source_sans_pro.__file__).parent
    folder = folder if (folder / "SourceSansPro-Regular.ttf").is_file() else folder / "files"
    return Face("Body", folder / "SourceSansPro-Regular.ttf", folder / "SourceSansPro-Semibold.ttf")


@lru_cache(maxsize=1)
def fallbacks() -> tuple[Face, ...]:
    """The faces of this machine beside the body's, best first."""
    return tuple(Face(f"Other{n}", *paths) for n, paths in enumerate(_found(), start=1))


def _found() -> Iterator[tuple[Path, Path | None]]:
    own = sorted((Path(settings.DATA_DIR) / "fonts").glob("*.tt[fc]"))
    packaged = [
        Path(spec.submodule_search_locations[0]) / file
        for package, file in PACKAGED
        if (spec := importlib.util.find_spec(package)) and spec.submodule_search_locations
    ]
    candidates: list[tuple[Path, Path | None]] = [(path, None) for path in own]
    candidates += [(Path(regular), Path(bold) if bold else None) for regular, bold in SYSTEM]
    candidates += [(path, None) for path in packaged]
    for regular, bold in candidates:
        if regular.is_file() and covered(regular):
            yield regular, bold if bold and bold.is_file() else None


@lru_cache(maxsize=32)
def covered(path: Path) -> frozenset[str]:
    """The letters that a font file can draw; none if its outlines can't be embedded or it can't be read."""
    from fontTools.ttLib import TTFont, TTLibError
    from fontTools.ttLib.ttCollection import TTCollection

    try:
        with path.open("rb") as file:
            if path.suffix == ".ttc":
                return _letters(TTCollection(file, lazy=True).fonts[0])
            return _letters(TTFont(file, lazy=True))
    except (OSError, TTLibError):
        log.warning("the font file %s can't be read", path.name)
        return frozenset()


def _letters(font: Any) -> frozenset[str]:
    return frozenset(map(chr, font.getBestCmap() or {})) if "glyf" in font else frozenset()
