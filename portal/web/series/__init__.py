"""Sessions that recur, for every audience: repeating one, and moving or calling off several."""
