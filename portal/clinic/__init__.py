"""The clinic itself: its settings, locations, rooms, services, and the psychologists' profiles and portraits."""
