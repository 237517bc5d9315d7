"""The pages of work to do, made for whichever room asks: the desk's, a psychologist's, the manager's.

No view is here: those of each audience say who may come in, and hand over.
"""
