"""Cuts the heading face to the letters in use. Run by hand when the letters change: python -m portal.ops.heading_font

The result is committed, since a machine that serves the portal has no need of the cutting. Letters outside the cut
(Chinese, Arabic, Greek) come from the reader's own serif, as the font stack in tokens.css says.
"""

from __future__ import annotations

from pathlib import Path

import font_source_serif_pro
from fontTools import subset

SOURCE = Path(font_source_serif_pro.__file__).parent / "files" / "SourceSerifPro-Semibold.ttf"
TARGET = Path(__file__).resolve().parents[2] / "static" / "fonts" / "portal-serif-semibold.woff2"
LIMIT = 25 * 1024

LETTERS = [
    (0x20, 0x7E),  # Basic Latin
    (0xA0, 0x17F),  # Latin-1 and Extended-A: the names of Europe
    (0x1A0, 0x1A1),  # Vietnamese: O and U with horn
    (0x1AF, 0x1B0),
    (0x1EA0, 0x1EF9),  # Vietnamese: the stacked accents
    (0x2013, 0x2014),  # dashes
    (0x2018, 0x201E),  # quotation marks
    (0x2022, 0x2022),
    (0x2026, 0x2026),
    (0x300, 0x301),  # combining accents of Vietnamese
    (0x303, 0x303),
    (0x309, 0x309),
    (0x323, 0x323),
]


def cut() -> int:
    """Writes the woff2 and returns its size in bytes."""
    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = ["kern", "liga", "ccmp", "mark", "mkmk", "locl"]
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    font = subset.load_font(str(SOURCE), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes={point for first, last in LETTERS for point in range(first, last + 1)})
    cutter.subset(font)
    # The licence keeps the name "Source" for the uncut face.
    for record in font["name"].names:
        if record.nameID in {1, 4, 6}:
            record.string = "Portal Serif" if record.nameID != 6 else "PortalSerif-Semibold"
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(TARGET), options)
    size = TARGET.stat().st_size
    if size > LIMIT:
        raise SystemExit(f"{TARGET.name} has {size} bytes; {LIMIT} are allowed. Take letters out.")
    return size


if __name__ == "__main__":
    print(f"{TARGET.name}: {cut()} bytes")
