"""Writes static/css/calendar-steps.css, the classes that place an event in the desk's calendar.

Run by hand: python -m portal.ops.calendar_steps. Five minutes a step, for a whole day: `row-109 span-10` is 9:00 for
50 minutes in a calendar that begins at midnight. The Content-Security-Policy allows no style attribute, hence a class
for each step.
"""

from __future__ import annotations

from pathlib import Path

STEPS = 24 * 60 // 5
TARGET = Path(__file__).resolve().parents[2] / "static" / "css" / "calendar-steps.css"

HEAD = """\
/* Places events of the desk's calendar (docs/look.md): five minutes a step, row-1 is the first line shown.
   A style attribute would need a looser Content-Security-Policy. Made by: python -m portal.ops.calendar_steps */
"""


def sheet() -> str:
    rows = "".join(f".row-{n}{{grid-row-start:{n}}}" for n in range(1, STEPS + 2))
    spans = "".join(f".span-{n}{{grid-row-end:span {n}}}" for n in range(1, STEPS + 1))
    return f"{HEAD}@layer utilities {{\n{rows}\n{spans}\n}}\n"


if __name__ == "__main__":
    TARGET.write_text(sheet())
    print(f"{TARGET.name}: {len(sheet())} bytes")
