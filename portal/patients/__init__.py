"""The person in care, with or without a sign-in, and the carers who act for them."""
