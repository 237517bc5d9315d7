"""A stand-in that speaks Twilio's protocol on this machine, for the demo and for tests. No phone ever rings by it."""

from portal.ops.twilio_stand_in.phones import Fault, Phones
from portal.ops.twilio_stand_in.server import Server

__all__ = ["Fault", "Phones", "Server"]
