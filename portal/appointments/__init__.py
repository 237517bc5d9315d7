"""Hours, time slots, openings and appointments. No two live appointments of one person, or of one room, overlap."""
