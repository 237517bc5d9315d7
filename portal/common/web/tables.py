"""Lists: django-tables2 keeps the columns, the order and the pages, and a stencil fills the rows."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Generic, TypeVar

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.common.web.stencils import Fill, Stencil, joined
from portal.common.web.stencils import Row as Row

Cells = tuple[tuple[str, SafeString], ...]

_CELL = re.compile("<td([^>]*)>")
_PARITY = ("even", "odd")


_Record = TypeVar("_Record")


class ListTable(tables.Table, Generic[_Record]):
    """A table whose rows are filled by its `stencil`: a template with a `{% cell "name" %}` for each column."""

    stencil: ClassVar[Stencil]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # django-tables2 looks for it in the call and in Meta, and would put nothing over what stands in the class.
        kwargs.setdefault("empty_text", getattr(type(self), "empty_text", None))
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # django-tables2 has no types

    def row(self, record: _Record) -> Row:
        """The look of a record's row, always with the same names, and its words."""
        raise NotImplementedError

    def body(self) -> SafeString:
        """All rows of the page, each cell with the name of its column for the phone.

        Raises LookupError if the stencil's cells aren't the columns, in their order.
        """
        cells, fills, rows = self._cells(), dict[tuple[object, ...], Fill](), []
        for n, bound in enumerate(self.paginated_rows):
            look, words = self.row(bound.record)
            key = tuple(look.values())
            fill = fills.get(key)
            if fill is None:
                fill = fills[key] = self.stencil.look(cells=cells, **look)
                if _CELL.findall(fill(words)) != [attributes for _, attributes in cells]:
                    raise LookupError(f"{self.stencil.template} has other cells than {', '.join(dict(cells))}")
            rows.append(SafeString(f'<tr class="{_PARITY[n % 2]}">{fill(words)}</tr>\n'))
        return joined(rows)

    def _cells(self) -> Cells:
        """Of each column that is shown, the attributes of its cells."""
        return tuple((column.name, _attributes(column)) for column in self.columns)


def _attributes(column: Any) -> SafeString:
    own = column.attrs["td"].as_html()
    label = format_html(' data-label="{}"', column.header) if column.header else SafeString("")
    return SafeString(f" {own}{label}" if own else label)
