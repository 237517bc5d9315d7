"""Paying online: what follows when money arrives by card, and what finds out where nobody told."""
