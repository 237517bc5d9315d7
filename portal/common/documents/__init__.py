"""Files that people send to be passed on: read as what they are, never as what they are called.

Whatever can be written anew is: pictures from their pixels, audio from its frames, office files from their own parts.
So nothing rides along, no second file behind the first. A PDF is kept as it is, and refused if it can act by itself.
"""

from __future__ import annotations

from portal.common.documents.cleaning import DocumentField, clean_document
from portal.common.documents.kinds import DOCUMENT_BYTES, CleanFile, Kind

__all__ = ["DOCUMENT_BYTES", "CleanFile", "DocumentField", "Kind", "clean_document"]
