"""A stand-in that speaks Stripe's protocol on this machine, for the demo and for tests. No money ever moves by it."""

from portal.ops.stripe_stand_in.server import Server
from portal.ops.stripe_stand_in.state import StandIn

__all__ = ["Server", "StandIn"]
