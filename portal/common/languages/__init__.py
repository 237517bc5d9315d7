"""The languages that the portal speaks: their addresses, catalogues, punctuation and lengths of time."""
