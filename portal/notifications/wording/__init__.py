"""Notices in the clinic's own words (docs/reaching.md, "In the clinic's own words").

What ships are templates; a manager may say some parts of some notices otherwise, with merge fields in braces. The facts
of a session, how to join it, the buttons and the letterhead are no part of that, so that nobody can lose them.
"""
