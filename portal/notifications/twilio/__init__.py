"""Text messages and WhatsApp by Twilio's own client: sending, what became of each, asking about what is in doubt."""
