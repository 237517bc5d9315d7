"""Where to complain, by state. Names and numbers as published in 2026: check them before a release."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.policies.document import Block, items, text
from portal.policies.facts import PrivacyFacts

OAIC = (
    "Office of the Australian Information Commissioner (OAIC), www.oaic.gov.au, 1300 363 992, "
    "GPO Box 5288, Sydney NSW 2001"
)
AHPRA = "Ahpra, www.ahpra.gov.au, 1300 419 495"
# Who hears complaints about health records and health services of private clinics.
OF_STATE = {
    "ACT": "ACT Human Rights Commission, www.hrc.act.gov.au, (02) 6205 2222",
    "NSW": "Information and Privacy Commission NSW, www.ipc.nsw.gov.au, 1800 472 679",
    "NT": "Health and Community Services Complaints Commission (NT), www.hcscc.nt.gov.au, 1800 004 474",
    "QLD": "Office of the Health Ombudsman (Qld), www.oho.qld.gov.au, 133 646",
    "SA": "Health and Community Services Complaints Commissioner (SA), www.hcscc.sa.gov.au, 1800 232 007",
    "TAS": "Health Complaints Commissioner Tasmania, www.healthcomplaints.tas.gov.au, 1800 001 170",
    "VIC": "Health Complaints Commissioner (Vic), www.hcc.vic.gov.au, 1300 582 113",
    "WA": "Health and Disability Services Complaints Office (WA), www.hadsco.wa.gov.au, 1800 813 583",
}


def write(facts: PrivacyFacts) -> list[Block]:
    reach = [
        facts["contact_name"],
        facts["contact_phone"] or facts["phone"],
        facts["contact_email"] or facts["email"],
        facts["contact_address"] or facts["address"],
    ]
    states = [OF_STATE[state] for state in facts["states"] if state in OF_STATE]
    return [
        text(
            _(
                "Please tell us first, in whatever way is easiest for you. We listen, look into it and "
                "answer in writing within 30 days. Complaining never changes how we treat you."
            )
        ),
        *([items(reach)] if any(reach) else []),
        text(
            _(
                "If our answer does not settle it, or does not come in 30 days, you can complain to the "
                "Commissioner. It costs nothing."
            )
        ),
        items([OAIC]),
        *([text(_("Where we work, you can also go to:")), items(states)] if states else []),
        text(_("About how a psychologist behaved, you can also go to the body that registers them:")),
        items([AHPRA]),
    ]
