"""Invoices, payments and what of a payment settles which invoice. Issued papers never change; corrections are rows."""
