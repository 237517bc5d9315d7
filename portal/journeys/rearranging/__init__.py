"""What becomes of sessions that can't be held as they are booked: times to propose, and what somebody decides."""
