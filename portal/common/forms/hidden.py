"""The hidden fields of a form that keep it safe: no part of what anybody said, and of no address."""

from __future__ import annotations

# Whose a form is, and which form came back: portal/accounts/kept_forms.
WHOSE = "whose_form"
CAME_BACK = "kept_form"
OWN_FIELDS = frozenset({"csrfmiddlewaretoken", WHOSE, CAME_BACK})
