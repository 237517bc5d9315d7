"""Small files of the Medicare schedule, built as the real one is."""

from io import BytesIO

UPPER = "Professional attendance at consulting rooms by a clinical psychologist, lasting at least 50 minutes."
OUTSIDE = (
    "Professional attendance at a place other than consulting rooms by a clinical psychologist, lasting at least 30 "
    "minutes but less than 50 minutes."
)


def record(item, fee, since="01.07.2027", benefit=None, description=UPPER, **more):
    values = {"ItemNum": item, "ItemStartDate": "01.11.2006", "FeeStartDate": since, "ScheduleFee": fee}
    values |= {"Benefit85": benefit} if benefit else {}
    values |= {"Description": description} | more
    return "<Data>" + "".join(f"<{name}>{value}</{name}>" for name, value in values.items()) + "</Data>"


def file_of(*records, head='<?xml version="1.0" encoding="utf-8"?>'):
    return f"{head}<MBS_XML>{''.join(records)}</MBS_XML>".encode()


def opened(*records):
    return BytesIO(file_of(*records))
