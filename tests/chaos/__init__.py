"""Workers that are killed with -9 while a great many reminders are due, and what people got."""
