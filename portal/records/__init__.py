"""Clinical records: progress notes, encrypted, and immutable once signed. Reception and managers never come here."""
