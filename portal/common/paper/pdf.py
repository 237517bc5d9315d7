"""Papers: a template of HTML and CSS becomes an A4 PDF, in any script, and reads nothing but its fonts."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Mapping
from html import unescape
from io import BytesIO
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from portal.common.paper import fonts

log = logging.getLogger(__name__)


# How a page begins in what the library writes; never packed.
_PAGE = re.compile(rb"/Type\s*/Page\b")
# What papers need of the library's own style sheet, whose rules are tried on every element: it has sixty.
_SHEET = """
html {
    font-family: Helvetica; font-size: 10px; font-weight: normal; color: #000000; margin: 0; padding: 0;
    line-height: 150%; border: 1px none; display: inline; width: auto; height: auto; white-space: normal;
}
body, div, h1, h2, p, table, th, tr, td { display: block; }
h1 { font-weight: bold; -pdf-outline: true; -pdf-outline-open: false; -pdf-outline-level: 0; }
h2 { font-weight: bold; -pdf-outline: true; -pdf-outline-open: false; -pdf-outline-level: 1; }
b, th { font-weight: bold; }
tr, th, td { width: auto; }
"""


class PaperFailed(Exception):
    """The template could not be drawn."""


def render_pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """Draws a template as a PDF.

    The template has `font_faces` to put into its style sheet, `families` to name as `font-family`, `pages`, how many
    there are, and `missing`: the scripts for which this machine has no font, whose letters are printed as stand-ins.
    Nothing is fetched, and no file is read but the fonts: a name that is markup stays a name, since templates escape,
    and markup that got past them would find every door shut.
    """
    # Importing it takes more than a second: only those who print wait for it.
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import ResourceAccessPolicy

    first = render_to_string(template, {**context, "font_faces": "", "families": "", "missing": (), "pages": 1})
    setting = fonts.choose(unescape(strip_tags(first)))
    folders = {path.parent for face in setting.faces for path in face.files}
    pages = 1
    # Asked to count its pages, the library lays everything out twice. Nearly every paper has one: that is tried first.
    for _attempt in range(3):
        html = render_to_string(
            template,
            {
                **context,
                "font_faces": _font_faces(setting),
                "families": mark_safe(", ".join(face.family for face in setting.faces)),  # noqa: S308  our own names
                "missing": setting.missing_scripts,
                "pages": pages,
            },
        )
        out = BytesIO()
        result = pisa.CreatePDF(
            setting.apply(html),
            dest=out,
            encoding="utf-8",
            default_css=_SHEET,
            resource_policy=ResourceAccessPolicy.server(None, extra_roots=tuple(folders), allow_remote=False),
        )
        if result.err:
            raise PaperFailed(template)
        drawn = out.getvalue()
        counted = len(_PAGE.findall(drawn))
        if counted == pages:
            break
        pages = counted
    return drawn


def _font_faces(setting: fonts.Setting) -> SafeString:
    rules = []
    for face in setting.faces:
        rules.append(f'@font-face {{ font-family: {face.family}; src: url("{face.regular}"); }}')
        rules.append(
            f'@font-face {{ font-family: {face.family}; font-weight: bold; src: url("{face.bold or face.regular}"); }}'
        )
    return mark_safe("\n".join(rules))  # noqa: S308  paths of font files, found by us


def picture(data: bytes, *, width: int = 900, height: int = 300) -> str:
    """A picture as a data address to print, made no larger than `width` by `height` pixels; empty if it is none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as image:
            image.thumbnail((width, height))
            flat = Image.new("RGB", image.size, "white")
            rgba = image.convert("RGBA")
            flat.paste(rgba, mask=rgba)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        log.warning("a picture for a paper can't be read")
        return ""
    out = BytesIO()
    flat.save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
