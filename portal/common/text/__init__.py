"""Text as people type it: made comparable, rendered from Markdown, compared with another."""
