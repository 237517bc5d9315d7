"""Words of the interface, each found once in a process: Django asks up to fifteen catalogues for every word it says.

An English word is its own translation, and to be sure of that nine catalogues of apps are asked one after the other,
then six more that they fall back to: a tenth of a page's time.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.translation import trans_real

# More than all words there are; words that somebody typed never come by here, and could not fill more than this.
MOST = 16_384


def remember_words() -> None:
    """Loads the catalogues of all languages, and keeps what is found in them for as long as the process lives.

    The web server calls it before it forks, so that its processes share what was loaded. Where catalogues change under
    a running process, as while somebody works on them, it isn't called.
    """
    for code, _name in settings.LANGUAGES:
        catalogue = trans_real.translation(code)
        # Attributes of this object, which Django's own functions call: nothing of Django is replaced.
        catalogue.gettext = lru_cache(MOST)(catalogue.gettext)  # type: ignore[method-assign]
        catalogue.ngettext = lru_cache(MOST)(catalogue.ngettext)  # type: ignore[method-assign]
