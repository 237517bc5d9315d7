"""An account with the stand-in for Twilio, and the settings by which the portal finds it."""

from portal.ops.twilio_stand_in import Server

ACCOUNT, KEY, SECRET, TOKEN = "AC" + "a" * 32, "SK" + "b" * 32, "a secret", "a token"
FROM, WHATSAPP_FROM = "+61480009999", "+61480009998"


def server(**options):
    return Server(account=ACCOUNT, key=KEY, secret=SECRET, token=TOKEN, **options)


def reach(settings, address):
    """Has the portal send texts by the server at an address."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    settings.TWILIO_API_KEY, settings.TWILIO_API_SECRET = KEY, SECRET
    settings.TWILIO_SMS_FROM, settings.TWILIO_WHATSAPP_FROM = FROM, WHATSAPP_FROM
    settings.TWILIO_API_BASE = address


def environment(address):
    """The same for a process of its own."""
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_KEY": KEY,
        "TWILIO_API_SECRET": SECRET,
        "TWILIO_SMS_FROM": FROM,
        "TWILIO_WHATSAPP_FROM": WHATSAPP_FROM,
        "TWILIO_API_BASE": address,
    }
