"""Portraits for the invented clinic's psychologists, drawn here: nobody's photograph stands for somebody who isn't."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from portal.common.media.uploads import save_picture

SIZE = 800
# Drawn so much larger, then made small: edges come out smooth.
FINER = 3

Point = tuple[float, float]


@dataclass(frozen=True)
class Portrait:
    """Colours, and how the hair falls: "bob", "long" or "short"."""

    ground: str
    ground_far: str
    skin: str
    shade: str
    hair: str
    top: str
    collar: str
    style: str
    glasses: bool = False


MAI = Portrait("#d9e6dd", "#c3d8ca", "#e8b996", "#d69f7a", "#2b2422", "#2f6b5b", "#f3ede2", "bob")
LEILA = Portrait("#efdfd2", "#e3cbb8", "#d9a27c", "#c48a64", "#4a2f26", "#7d4a63", "#f3e6da", "long")
WEI = Portrait("#dbe4ee", "#c5d4e4", "#e6bd98", "#d3a37c", "#26221f", "#3a4f6b", "#e9eef3", "short", glasses=True)


def draw(portrait: Portrait) -> ContentFile[bytes]:
    """A new square picture, named as uploads are."""
    image = Image.new("RGB", (SIZE * FINER, SIZE * FINER), portrait.ground)
    pen = _Pen(image)
    pen.oval((0.5, 0.47), 0.40, 0.40, portrait.ground_far)
    _behind(pen, portrait)
    _body(pen, portrait)
    _face(pen, portrait)
    _hair(pen, portrait)
    if portrait.glasses:
        for x in (0.437, 0.563):
            pen.ring((x, 0.437), 0.048, "#3b3a3a")
        pen.curve(((0.485, 0.432), (0.5, 0.424), (0.515, 0.432)), "#3b3a3a", 0.007)
    return save_picture(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS), name=uuid.uuid4().hex)


def _behind(pen: _Pen, portrait: Portrait) -> None:
    """What of the hair stands behind the neck."""
    if portrait.style == "bob":
        pen.shape([(0.44, 0.115), (0.60, 0.105), (0.735, 0.19), (0.755, 0.36), (0.745, 0.56), (0.70, 0.69), (0.5, 0.66), (0.30, 0.69), (0.255, 0.56), (0.245, 0.36), (0.275, 0.19)], portrait.hair)  # fmt: skip  # noqa: E501
    elif portrait.style == "long":
        pen.shape([(0.42, 0.11), (0.60, 0.10), (0.74, 0.18), (0.74, 0.36), (0.79, 0.52), (0.75, 0.66), (0.80, 0.86), (0.5, 0.90), (0.20, 0.86), (0.25, 0.66), (0.21, 0.52), (0.26, 0.36), (0.26, 0.18)], portrait.hair)  # fmt: skip  # noqa: E501


def _body(pen: _Pen, portrait: Portrait) -> None:
    pen.shape([(0.5, 0.665), (0.70, 0.69), (0.90, 0.74), (0.93, 1.1), (0.5, 1.15), (0.07, 1.1), (0.10, 0.74), (0.30, 0.69)], portrait.top)  # fmt: skip  # noqa: E501
    pen.polygon([(0.385, 0.70), (0.5, 0.86), (0.615, 0.70)], portrait.collar)
    pen.polygon([(0.43, 0.56), (0.57, 0.56), (0.575, 0.70), (0.5, 0.80), (0.425, 0.70)], portrait.shade)
    pen.polygon([(0.43, 0.66), (0.57, 0.66), (0.575, 0.70), (0.5, 0.79), (0.425, 0.70)], portrait.skin)


def _face(pen: _Pen, portrait: Portrait) -> None:
    for x in (0.343, 0.657) if portrait.style != "long" else ():
        pen.oval((x, 0.45), 0.026, 0.042, portrait.shade)
    pen.shape([(0.5, 0.215), (0.665, 0.225), (0.665, 0.43), (0.625, 0.585), (0.5, 0.66), (0.375, 0.585), (0.335, 0.43), (0.335, 0.225)], portrait.skin)  # fmt: skip  # noqa: E501
    for x in (0.437, 0.563):
        pen.oval((x, 0.44), 0.0125, 0.0145, "#2c2624")
        outward = -1 if x < 0.5 else 1
        pen.curve(((x - outward * 0.032, 0.395), (x, 0.380), (x + outward * 0.036, 0.393)), "#463a34", 0.010)
    pen.curve(((0.503, 0.455), (0.512, 0.495), (0.495, 0.505)), portrait.shade, 0.009)
    pen.curve(((0.452, 0.556), (0.5, 0.585), (0.548, 0.556)), "#9c5247", 0.011)


def _hair(pen: _Pen, portrait: Portrait) -> None:
    match portrait.style:
        case "bob":
            pen.shape([(0.40, 0.16), (0.60, 0.14), (0.73, 0.24), (0.70, 0.44), (0.668, 0.42), (0.62, 0.30), (0.50, 0.30), (0.42, 0.26), (0.37, 0.34), (0.332, 0.44), (0.29, 0.44), (0.27, 0.24)], portrait.hair)  # fmt: skip  # noqa: E501
        case "long":
            pen.shape([(0.42, 0.15), (0.52, 0.20), (0.47, 0.28), (0.37, 0.33), (0.335, 0.50), (0.30, 0.56), (0.27, 0.40), (0.27, 0.22)], portrait.hair)  # fmt: skip  # noqa: E501
            pen.shape([(0.48, 0.14), (0.60, 0.14), (0.72, 0.22), (0.735, 0.40), (0.70, 0.56), (0.665, 0.50), (0.63, 0.34), (0.55, 0.29), (0.48, 0.22)], portrait.hair)  # fmt: skip  # noqa: E501
        case "short":
            pen.shape([(0.38, 0.155), (0.56, 0.12), (0.69, 0.19), (0.685, 0.33), (0.665, 0.42), (0.645, 0.34), (0.60, 0.285), (0.46, 0.295), (0.38, 0.28), (0.352, 0.34), (0.335, 0.42), (0.315, 0.33), (0.31, 0.22)], portrait.hair)  # fmt: skip  # noqa: E501


class _Pen:
    """Draws in fractions of the picture."""

    def __init__(self, image: Image.Image) -> None:
        self.edge, self.pen = image.width, ImageDraw.Draw(image)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.edge, y * self.edge) for x, y in points]

    def oval(self, centre: Point, across: float, down: float, colour: str) -> None:
        (x, y), e = centre, self.edge
        self.pen.ellipse([(x - across) * e, (y - down) * e, (x + across) * e, (y + down) * e], fill=colour)

    def ring(self, centre: Point, radius: float, colour: str) -> None:
        (x, y), e = centre, self.edge
        box = [(x - radius) * e, (y - radius * 0.82) * e, (x + radius) * e, (y + radius * 0.82) * e]
        self.pen.ellipse(box, outline=colour, width=round(0.008 * e))

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        self.pen.polygon(self._scaled(points), fill=colour)

    def shape(self, points: Sequence[Point], colour: str) -> None:
        """A closed shape whose outline bends softly from the middle of one side to the middle of the next."""
        self.pen.polygon(self._scaled(_softened(points)), fill=colour)

    def curve(self, points: tuple[Point, Point, Point], colour: str, width: float) -> None:
        """A line that bends by three points, with round ends."""
        line = self._scaled(_bent(*points))
        thick = width * self.edge
        self.pen.line(line, fill=colour, width=round(thick), joint="curve")
        for x, y in (line[0], line[-1]):
            self.pen.ellipse([x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2], fill=colour)


def _bent(start: Point, by: Point, end: Point, steps: int = 24) -> list[Point]:
    """A quadratic Bézier curve."""
    found = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        found.append((a * start[0] + b * by[0] + c * end[0], a * start[1] + b * by[1] + c * end[1]))
    return found


def _softened(points: Sequence[Point]) -> list[Point]:
    middles = [((x + nx) / 2, (y + ny) / 2) for (x, y), (nx, ny) in zip(points, [*points[1:], points[0]], strict=True)]
    outline: list[Point] = []
    for number, corner in enumerate(points):
        outline += _bent(middles[number - 1], corner, middles[number])
    return outline
