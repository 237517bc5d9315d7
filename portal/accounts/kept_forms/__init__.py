"""A form that meets the end of a session keeps what was typed, for the person whose form it was, for a day at most.

`marks` says whose a form is, `keeping` stores it and forgets it, `middleware` does both at the right moment and draws
it again. docs/sign-in.md tells how they work together. `languages` brings what was typed along into another language.
"""
