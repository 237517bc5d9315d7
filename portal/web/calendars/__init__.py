"""The calendar that the desk and psychologists share: day, week, month and agenda, and what is done from it."""
