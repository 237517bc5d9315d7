"""The pages on which somebody makes and ends the private address that a calendar program reads."""
