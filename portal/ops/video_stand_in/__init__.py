"""A stand-in for the lines of sessions by video, on this machine: two browsers find each other by it, as they do by
Twilio's. It takes the same tokens, signed by Twilio's library, and opens the room that a token names and no other.
"""

from portal.ops.video_stand_in.server import Server

__all__ = ["Server"]
