"""Pictures and private files: how they are taken in, kept, resized and sent."""
