"""Django's PostgreSQL, over connections that notice a line which was cut."""
