"""A small app that stands on the encrypted fields alone, so that their tests need no real model."""
