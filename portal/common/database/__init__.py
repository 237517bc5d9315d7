"""How the portal speaks with its database, below the ORM."""
