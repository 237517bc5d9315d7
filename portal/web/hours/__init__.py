"""The pages of somebody's hours: the week, and the days that are different, for psychologists and the desk."""
