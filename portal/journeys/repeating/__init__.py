"""Recurring sessions: what a page proposes, and booking, moving and cancelling several with one notice."""
