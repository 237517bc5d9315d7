"""Pictures for the invented clinic's articles, drawn here: hills under a sun or a moon, branches. No photographs."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from portal.common.media.uploads import save_picture

SIZE = (1600, 1000)
# Drawn so much larger, then made small: edges come out smooth.
FINER = 2


@dataclass(frozen=True)
class Scene:
    """Colours from the sky to the nearest hill, and where the sun stands, in fractions of the picture."""

    sky: str
    sun: str
    far: str
    middle: str
    near: str
    sun_at: tuple[float, float] = (0.7, 0.3)


@dataclass(frozen=True)
class Branch:
    """A branch with long leaves on a plain ground; with `flowers`, the round ones of wattle."""

    ground: str
    leaf: str
    flowers: str


def draw(scene: Scene | Branch) -> ContentFile[bytes]:
    """A new picture, named as uploads are."""
    image = _branch(scene) if isinstance(scene, Branch) else _hills(scene)
    return save_picture(image.resize(SIZE, Image.Resampling.LANCZOS), name=uuid.uuid4().hex)


def _branch(scene: Branch) -> Image.Image:
    width, height = SIZE[0] * FINER, SIZE[1] * FINER
    image = Image.new("RGB", (width, height), scene.ground)
    pen = ImageDraw.Draw(image)

    def stem_at(part: float) -> tuple[float, float]:
        """From the lower left corner in a bow to the upper right."""
        return (0.02 + 0.93 * part) * width, (0.98 - 0.62 * part - 0.16 * math.sin(math.pi * part)) * height

    stem = [stem_at(step / 60) for step in range(61)]
    pen.line(stem, fill=scene.leaf, width=width // 160, joint="curve")
    for number in range(13):
        part = 0.1 + number * 0.07
        x, y = stem_at(part)
        side = 1 if number % 2 else -1
        angle = math.radians(-38 + side * (58 - 2 * number))
        length = (0.23 + 0.045 * math.sin(number * 1.7)) * width * (1.1 - 0.5 * part)
        pen.polygon(_leaf(x, y, angle=angle, length=length, bend=side), fill=scene.leaf)
        if scene.flowers and number % 3 != 1:
            for flower in range(3):
                away = length * (0.22 + 0.2 * flower)
                fx = x + away * math.cos(angle - side * 0.55)
                fy = y + away * math.sin(angle - side * 0.55)
                radius = width * (0.021 - 0.003 * flower)
                pen.ellipse((fx - radius, fy - radius, fx + radius, fy + radius), fill=scene.flowers)
    return image


def _leaf(x: float, y: float, *, angle: float, length: float, bend: int) -> list[tuple[float, float]]:
    """A sickle: two arcs from the stem to a point, both bent to the same side."""
    edges = []
    for thick in (0.075, -0.135):
        edge = []
        for step in range(25):
            part = step / 24
            away = length * part
            aside = length * math.sin(math.pi * part) * (0.10 + thick) * bend
            edge.append(
                (
                    x + away * math.cos(angle) - aside * math.sin(angle),
                    y + away * math.sin(angle) + aside * math.cos(angle),
                )
            )
        edges.append(edge)
    return [*edges[0], *reversed(edges[1])]


def _hills(scene: Scene) -> Image.Image:
    width, height = SIZE[0] * FINER, SIZE[1] * FINER
    image = Image.new("RGB", (width, height), scene.sky)
    pen = ImageDraw.Draw(image)
    x, y, radius = scene.sun_at[0] * width, scene.sun_at[1] * height, 0.085 * width
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=scene.sun)
    for colour, top, rise, waves, shift in (
        (scene.far, 0.56, 0.060, 1.4, 0.3),
        (scene.middle, 0.68, 0.075, 1.0, 2.1),
        (scene.near, 0.84, 0.090, 0.7, 4.0),
    ):
        ridge = [
            (step / 200 * width, (top - rise * math.sin(2 * math.pi * waves * step / 200 + shift)) * height)
            for step in range(201)
        ]
        pen.polygon([*ridge, (width, height), (0, height)], fill=colour)
    return image
