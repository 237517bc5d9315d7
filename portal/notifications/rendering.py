from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.template import Context, Engine, TemplateDoesNotExist
from django.utils import translation

from portal.common.kept import one_question
from portal.notifications import letterhead
from portal.notifications.recipients import ON_PHONES, Channel
from portal.notifications.wording import standing


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in one language; `html` is empty where a template has no such part."""

    language: str
    subject: str
    text: str
    html: str = ""


class NoSuchWords(LookupError):
    """This kind of notice has no words for a phone."""


def render(
    template: str,
    context: Mapping[str, Any],
    *,
    language: str | None = None,
    channel: str = Channel.EMAIL,
    own: Mapping[str, str] | None = None,
) -> Words:
    """Renders a kind of notice in one language, for one channel.

    For a mailbox that is `notifications/<template>/subject.txt`, `body.txt` and, if there is one, `body.html`; for a
    phone it is `text.txt` alone, in one line, and NoSuchWords where there is none. Where the clinic has words of its
    own for it (`wording`), those stand in the place of ours; `own` are others to be tried instead.
    """
    language = known(language)
    with one_question(), translation.override(language):
        values = {
            **letterhead.context(),
            **context,
            "language": language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        words = standing.in_force(template, language, values) if own is None else own
        on_phone = channel in ON_PHONES
        said = standing.said(template, words, values, on_phone=on_phone) if words else {}
        if on_phone:
            text = said.get("text") or _for_phones(template, values)
            # Line breaks would cost a character each, and say nothing.
            return Words(language=language, subject="", text=" ".join(text.split()))
        values["own"] = said
        # One line: a subject with a line break is refused by the mail library, and rightly.
        subject = said.get("subject") or _render(f"notifications/{template}/subject.txt", values, html=False)
        subject = " ".join(subject.split())
        text = _render(f"notifications/{template}/body.txt", values, html=False).strip() + "\n"
        try:
            html = _render(f"notifications/{template}/body.html", {**values, "subject": subject}, html=True)
        except TemplateDoesNotExist as missing:
            if not str(missing).endswith(f"{template}/body.html"):
                raise
            html = ""
    return Words(language=language, subject=subject, text=text, html=html)


@cache
def has_words_for_phones(template: str) -> bool:
    """Whether this kind of notice can be texted."""
    try:
        Engine.get_default().get_template(f"notifications/{template}/text.txt")
    except TemplateDoesNotExist:
        return False
    return True


def _for_phones(template: str, values: dict[str, Any]) -> str:
    name = f"notifications/{template}/text.txt"
    try:
        return _render(name, values, html=False)
    except TemplateDoesNotExist as missing:
        if str(missing) != name:
            raise
        raise NoSuchWords(template) from None


def known(language: str | None) -> str:
    """The language itself if the portal speaks it, else the portal's own."""
    if language and language.lower() in {code for code, _name in settings.LANGUAGES}:
        return language.lower()
    return settings.LANGUAGE_CODE


def _render(name: str, values: dict[str, Any], *, html: bool) -> str:
    # Django escapes text files too, and would write O&#x27;Brien: autoescaping is a matter of the part, not the author.
    return Engine.get_default().get_template(name).render(Context(values, autoescape=html))
