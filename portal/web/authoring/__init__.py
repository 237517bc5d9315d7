"""The pages articles are written on, made for whichever room asks: a psychologist's own, or the manager's.

No view is here: those of each audience say who may come in, and hand over.
"""
