"""People who sign in: one account each, any number of roles. What a person is in care is a `Patient`, not a user."""
