"""What the database itself refuses: changes of who was in a room, once they left. Minutes decide what Medicare pays."""

from __future__ import annotations

from portal.common.guards import changes_once

ROOMS = changes_once(
    "who was in a room",
    prefix="video_presence",
    table="video_presence",
    kept=("id", "room_id", "side", "person_id", "joined_at"),
    change="OLD.left_at IS NULL AND NEW.seen_at >= OLD.seen_at",
    same_as_new="room_id = NEW.room_id AND person_id = NEW.person_id AND left_at IS NULL AND NEW.left_at IS NULL",
    words="Who was in a room, and when, never changes once they left.",
)
