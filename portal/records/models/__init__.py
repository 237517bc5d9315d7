from portal.records.models.chain import ChainHead
from portal.records.models.notes import Addendum, ProgressNote, State, Template

__all__ = ["Addendum", "ChainHead", "ProgressNote", "State", "Template"]
