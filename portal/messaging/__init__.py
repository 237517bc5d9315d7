"""Conversations between a patient and their psychologist, or the front desk: threads, messages, read marks.

Messages never change; what they say and bring along is encrypted. docs/messages.md tells how.
"""
