"""The trail: who did what to which record, and when. It only grows, and a chain of keyed hashes shows any change.

Ids and verbs, never words: nothing in it says how somebody is. docs/trail.md tells what it guarantees and what not.
"""
