"""The search for patients in the head of every staff page: made once, asked by each room for its own people."""
