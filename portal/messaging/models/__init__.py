from portal.messaging.models.messages import Attachment, Message, Side
from portal.messaging.models.templates import ReplyTemplate
from portal.messaging.models.threads import ReadMark, Thread

__all__ = ["Attachment", "Message", "ReadMark", "ReplyTemplate", "Side", "Thread"]
