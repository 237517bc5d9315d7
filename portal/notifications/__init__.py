"""The outbox: how a notice is sent, never why. A notice is a row, written in the transaction of its cause.

It is claimed, sent and marked, so that a killed worker loses none and doubles none. docs/outbox.md tells the states.
"""
