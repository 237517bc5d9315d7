"""What a person must do: for whom it waits, until when, who is on it, who did it. docs/worklist.md tells how.

It knows people and things by label and code only, and holds no word about anybody.
"""
