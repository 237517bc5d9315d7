"""How a file of the Medicare schedule is spoken of: why it is refused, and what it changes."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.common.languages.times import date_short
from portal.common.money import dollars
from portal.medicare.mbs_file import FileRefused, WhyNot
from portal.medicare.updating import Line, What


def refused_in_words(refused: FileRefused) -> str:
    """Why a file can't be read, and what to do."""
    where = " " + _("Look at line %(line)d of it.") % {"line": refused.line} if refused.line else ""
    match refused.why:
        case WhyNot.EMPTY:
            return _("This file is empty. Download it again from MBS Online.")
        case WhyNot.TOO_LARGE:
            return _("This file is larger than 30 MB. The Medicare schedule has about 10 MB: choose that file.")
        case WhyNot.NOT_XML:
            return _("This is not an XML file, or it is broken. Unpack it first if it is a ZIP file.") + where
        case WhyNot.HAS_DEFINITIONS:
            return _("This file brings definitions of its own (a DTD), which the Medicare schedule never does.") + where
        case WhyNot.TOO_DEEP | WhyNot.TOO_LONG:
            return _("This file is not built like the Medicare schedule.") + where
        case WhyNot.NO_SCHEDULE:
            return _("There are no Medicare items in this file. Choose the file named MBS-XML from MBS Online.")
        case WhyNot.NONE_KNOWN:
            return _("This file has none of the items that psychologists bill. Choose the whole schedule.")


def what_in_words(line: Line) -> str:
    """What a line of a comparison does, or why it does nothing."""
    words = {
        "day": date_short(line.starts) if line.starts else "",
        "fee": dollars(line.fee),
        "before": dollars(line.before),
        "element": line.detail,
    }
    match line.what:
        case What.FIRST:
            return _("The first fee that the portal knows of it, from %(day)s") % words
        case What.NEW_FEE:
            return _("New fee from %(day)s; until then %(before)s") % words
        case What.CORRECTED:
            return (
                _("Corrected from %(day)s: the portal had %(before)s. Invoices that were issued stay as they are.")
                % words
            )
        case What.CONFIRMED:
            return _("Same fee: the file confirms it")
        case What.ENDS:
            return _("Ends: last day %(last)s") % {"last": date_short(line.ends) if line.ends else ""}
        case What.SAME:
            return _("Same fee")
        case What.OLDER:
            return _("Left as it is: the portal knows a newer fee than the file's, which is from %(day)s") % words
        case What.UNREAD:
            return _("Left as it is: nobody can read the file's %(element)s") % words
        case What.MISSING:
            return _("Left as it is: it is not in the file. Find out whether Medicare ended it")
        case What.UNLIKE:
            return _unlike(line.detail)


def _unlike(detail: str) -> str:
    match detail:
        case "description":
            return _("Not taken: the file doesn't describe it, so nobody can tell what it is for")
        case "minutes":
            return _("Not taken: the file describes it for other minutes than the portal expects")
        case "setting":
            return _("Not taken: the file describes it for another place than the portal expects")
        case "mode":
            return _("Not taken: the file describes it for another way of meeting than the portal expects")
        case _other:
            return _("Not taken: the file describes it for other people than the portal expects")


def doubts_in_words(line: Line) -> list[str]:
    """What somebody should look at before a line is applied."""
    found = []
    if line.said_benefit is not None:
        words = _("The file says a benefit of %(said)s; 85%% of the fee, rounded up to five cents, is %(benefit)s.")
        found.append(words % {"said": dollars(line.said_benefit), "benefit": dollars(line.benefit)})
    if line.jumps and line.changes:
        found.append(_("The fee moves by more than a quarter: compare it with MBS Online."))
    return found
