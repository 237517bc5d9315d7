"""What crosses apps: booking, cancelling, checking out. One transaction each; no models."""
