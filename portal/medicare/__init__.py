"""Medicare's schedule: dated items with their source, and the item and benefit that a session may claim."""
