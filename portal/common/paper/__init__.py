"""PDFs, and the typefaces they are set in."""
