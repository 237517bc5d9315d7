"""Keys, and the fields whose values are stored encrypted. docs/encryption.md tells the whole."""
