"""Sessions that can't be held as they are booked: the desk, or their psychologist, decides about each."""
