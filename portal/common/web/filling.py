"""Puts back into a drawn form what somebody typed into an earlier drawing of it, as a browser does after a crash.

It works on the page itself, so it serves every form there is, whichever view draws it, and without script. Passwords,
chosen files and buttons are never filled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

Attributes = dict[str, str | None]
Typed = Mapping[str, list[str]]

# What a fresh page has of its own, and what a person can't have typed.
NEVER_FILLED = frozenset({"password", "file", "submit", "button", "image", "reset"})
# The hidden fields that say what a page showed: another value there means that it has changed since.
SHOWED = frozenset({"seen", "version", "shown"})
# Where the address stands that a form, or a part of it, is sent to.
SENT_TO = ("action", "formaction", "hx-post", "data-hx-post", "data-draft-url")


@dataclass(slots=True)
class _Option:
    start: int
    end: int
    attributes: Attributes
    text: str = ""

    @property
    def value(self) -> str:
        value = self.attributes.get("value")
        return " ".join(self.text.split()) if value is None else value


@dataclass(frozen=True, slots=True)
class _Fold:
    """The head of a part that opens and shuts."""

    start: int
    end: int
    attributes: Attributes


@dataclass(slots=True)
class _Control:
    """An input, a text area or a list: from where to where it stands, and what is chosen in it."""

    tag: str
    start: int
    end: int
    attributes: Attributes
    form: _Form | None
    # What it stands in that may be shut, the outermost first.
    folds: tuple[_Fold, ...] = ()
    inner_end: int = 0
    text: str = ""
    options: list[_Option] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return (self.attributes.get("type") or "text").lower() if self.tag == "input" else self.tag

    @property
    def name(self) -> str:
        return self.attributes.get("name") or ""

    @property
    def value(self) -> str:
        return self.attributes.get("value") or ""


@dataclass(slots=True, eq=False)
class _Form:
    start: int
    end: int
    attributes: Attributes
    closes: int = 0
    sent_to: list[str] = field(default_factory=list)
    controls: list[_Control] = field(default_factory=list)


class _Page(HTMLParser):
    """The forms of a page, with what stands in them; a control may name a form that it doesn't stand in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [0]
        for line in html.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.forms: list[_Form] = []
        self._controls: list[_Control] = []
        self._form: _Form | None = None
        self._within: _Control | None = None
        self._option: _Option | None = None
        self._folds: list[_Fold] = []
        self.feed(html)
        self.close()
        by_id = {form.attributes.get("id"): form for form in self.forms if form.attributes.get("id")}
        for control in self._controls:
            named = control.attributes.get("form")
            if (form := by_id.get(named) if named else control.form) and control.name:
                form.controls.append(control)

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start, attributes = self._here(), dict(attrs)
        end = start + len(self.get_starttag_text() or "")
        if tag == "form":
            self._form = _Form(start, end, attributes)
            self.forms.append(self._form)
        if self._form is not None:
            self._form.sent_to += [address for name in SENT_TO if (address := attributes.get(name))]
        if tag == "details":
            self._folds.append(_Fold(start, end, attributes))
        if tag in {"input", "textarea", "select"}:
            control = _Control(tag, start, end, attributes, self._form, tuple(self._folds))
            self._controls.append(control)
            self._within = control if tag != "input" else self._within
        elif tag == "option" and self._within is not None:
            self._option = _Option(start, end, attributes)
            self._within.options.append(self._option)

    def handle_data(self, data: str) -> None:
        if self._option is not None:
            self._option.text += data
        elif self._within is not None:
            self._within.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self._form.closes = self._here()
            self._form = None
        elif tag == "details" and self._folds:
            self._folds.pop()
        elif tag == "option":
            self._option = None
        elif self._within is not None and tag == self._within.tag:
            self._within.inner_end = self._here()
            self._within = self._option = None


Edit = tuple[int, int, str]


def fill(
    html: str,
    typed: Typed,
    *,
    is_its_address: Callable[[str], bool],
    is_its_page: bool,
    own: frozenset[str],
    head: Callable[[bool], str],
    tail: str = "",
) -> str | None:
    """The page with what was typed in the form that it belongs to, as it was where nothing is new; None without it.

    `is_its_address` knows an address that the form is sent to, empty for the page's own. On the page where it stood
    (`is_its_page`) a form with all the same fields is it too: a new article's has a new address each time. `own` are
    hidden fields that stay as this page has them. `head` goes into the form, told whether the page shows something else
    by now, and `tail` behind it. What is typed within something that is shut opens it.
    """
    forms = [form for form in _Page(html).forms if form.closes and form.attributes.get("method") == "post"]
    candidates = [form for form in forms if _is_sent_to(form, is_its_address)]
    if is_its_page and not candidates:
        candidates = [form for form in forms if typed.keys() - own <= {control.name for control in form.controls}]
    found = max(candidates, key=lambda form: _likeness(form, typed), default=None)
    if found is None:
        return None
    changes = list(_edits(found, typed, own))
    if not any(is_seen for _control, _edit, is_seen in changes):
        return html
    after = found.closes + len("</form>")
    parts = [
        *(edit for _control, edit, _is_seen in changes),
        *_opened(control for control, _edit, is_seen in changes if is_seen),
        (found.end, found.end, head(_is_old(found, typed))),
        (after, after, tail),
    ]
    for start, end, new in sorted(parts, reverse=True):
        html = html[:start] + new + html[end:]
    return html


def _is_sent_to(form: _Form, is_its_address: Callable[[str], bool]) -> bool:
    addresses = form.sent_to if form.attributes.get("action") else ["", *form.sent_to]
    return any(map(is_its_address, addresses))


def _likeness(form: _Form, typed: Typed) -> tuple[int, int]:
    """Of several forms with one address, such as a button in each row: the one that names the same thing."""
    names = {control.name for control in form.controls}
    hidden = [control for control in form.controls if control.kind == "hidden"]
    return len(names & typed.keys()), sum(control.value in typed.get(control.name, []) for control in hidden)


def _opened(controls: Iterable[_Control]) -> Iterator[Edit]:
    """Opens what is shut around these."""
    shut = {fold.start: fold for control in controls for fold in control.folds if "open" not in fold.attributes}
    for fold in shut.values():
        yield fold.start, fold.end, _tag("details", {**fold.attributes, "open": None})


def _is_old(form: _Form, typed: Typed) -> bool:
    """Whether the page says by now that it shows something else."""
    return any(
        control.kind == "hidden"
        and control.name.rpartition("-")[2] in SHOWED
        and control.name in typed
        and control.value not in typed[control.name]
        for control in form.controls
    )


def _edits(form: _Form, typed: Typed, own: frozenset[str]) -> Iterator[tuple[_Control, Edit, bool]]:
    """What changes in which control, and whether somebody sees it."""
    turn: Counter[str] = Counter()
    for control in form.controls:
        for edit, is_seen in _of_control(control, typed, own, turn):
            yield control, edit, is_seen


def _of_control(
    control: _Control, typed: Typed, own: frozenset[str], turn: Counter[str]
) -> Iterator[tuple[Edit, bool]]:
    kind, name = control.kind, control.name
    if kind in NEVER_FILLED or name in own or "disabled" in control.attributes:
        return
    sent = typed.get(name)
    if kind in {"checkbox", "radio"}:
        if kind == "radio" and sent is None:
            return
        yield from _switched(control, control.attributes.get("value") or "on", "checked", sent or [])
    elif sent is None:
        return
    elif kind == "select":
        chosen = sent if "multiple" in control.attributes else sent[turn[name] : turn[name] + 1]
        turn[name] += 1
        if not set(chosen) & {option.value for option in control.options} and chosen:
            return  # what was chosen is no choice any more
        for option in control.options:
            yield from _switched(option, option.value, "selected", chosen)
    elif turn[name] < len(sent):
        value = sent[turn[name]]
        turn[name] += 1
        if kind == "textarea":
            if value.replace("\r\n", "\n") != control.text.removeprefix("\n"):
                # The first line break within a text area is not part of its text.
                yield (control.end, control.inner_end, "\n" + escape(value)), True
        elif value != control.value:
            yield (
                (control.start, control.end, _tag("input", {**control.attributes, "value": value})),
                (kind != "hidden"),
            )


def _switched(what: _Control | _Option, value: str, mark: str, sent: list[str]) -> Iterator[tuple[Edit, bool]]:
    """A box or a choice, on where its value was sent."""
    is_on = value in sent
    if is_on == (mark in what.attributes):
        return
    attributes = {name: given for name, given in what.attributes.items() if name != mark}
    if is_on:
        attributes[mark] = None
    tag = "input" if isinstance(what, _Control) else "option"
    yield (what.start, what.end, _tag(tag, attributes)), True


def _tag(name: str, attributes: Attributes) -> str:
    said = (attribute if value is None else f'{attribute}="{escape(value)}"' for attribute, value in attributes.items())
    return f"<{' '.join([name, *said])}>"
