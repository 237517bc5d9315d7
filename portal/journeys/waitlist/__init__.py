"""The waitlist: freed times offered on, answered by a mailed link, and filled again."""
