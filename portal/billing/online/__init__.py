"""Paying by card on Stripe's own pages: what is asked of Stripe, what comes of it, and what goes back to a card."""
