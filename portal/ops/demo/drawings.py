"""Pictures for the invented clinic's articles, drawn here: hills, and a sun or a moon. Nobody's photographs."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from portal.common.uploads import save_picture

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


def draw(scene: Scene) -> ContentFile:
    """A new picture, named as uploads are."""
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
    return save_picture(image.resize(SIZE, Image.Resampling.LANCZOS), name=uuid.uuid4().hex)
