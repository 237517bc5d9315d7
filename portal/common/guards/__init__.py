"""Tables that the database itself keeps as they are, by triggers on both engines."""
