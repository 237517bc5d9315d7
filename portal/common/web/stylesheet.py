"""One style sheet for the browser, a file per component for those who write it.

`static/css/index.css` imports the files in order; pages link `css/portal.css`, which is that file with its imports
written into it: one request instead of twenty, with nothing to build by hand.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

INDEX = "css/index.css"
SHEET = "css/portal.css"
IMPORT = re.compile(r'@import "([\w-]+\.css)";\n')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
INDENT = re.compile(r"\n\s*")


def written_out(index: Path) -> str:
    """The text of `index` with each import replaced by the file it names, and comments and indents left out."""
    text = IMPORT.sub(
        lambda found: (index.parent / found[1]).read_text(encoding="utf-8"), index.read_text(encoding="utf-8")
    )
    return INDENT.sub("\n", COMMENT.sub("", text)).strip() + "\n"


class StylesheetFinder(BaseFinder):
    """Offers css/portal.css to collectstatic, to the tests' server and to WhiteNoise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.root = Path(settings.STATICFILES_DIRS[0])
        self.storage = FileSystemStorage(location=Path(settings.DATA_DIR) / "stylesheet")

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path != SHEET:
            return []
        built = self.build()
        return [built] if find_all else built

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        self.build()
        yield SHEET, self.storage

    def build(self) -> str:
        """Writes the sheet when it changed, whole or not at all: several processes may do so at once."""
        target = Path(self.storage.path(SHEET))
        text = written_out(self.root / INDEX)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as file:
                file.write(text)
            os.chmod(file.name, 0o644)
            os.replace(file.name, target)
        return str(target)
