"""What happens to a busy portal whose database stops, and whose line to it is cut."""
