"""Rooms in which sessions by video are held: who may come in, when, and who was there. Nothing of the talk is kept."""
