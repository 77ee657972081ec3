"""The tags of a common transfer file that are known, and the codes in it that the rest of the school does not use."""

from __future__ import annotations

VERSIONS = ("23", "24", "25")
DOCUMENT = "Common Transfer File"
NOT_READ = frozenset(
    {
        "attendance", "stageassessments", "schoolhistory", "nawdetails", "suppinfo", "medicalflag", "disabilities",
        "address", "exclusions", "learneractivity", "fundedhours", "nursedetails", "senneeds", "cohort",
    }
)  # fmt: skip
"""What is left alone on purpose: the product has no use for it, so it is never looked into."""
_READ = (
    "UPN", "UniqueLearnerNumber", "UCI", "Surname", "Forename", "DOB", "Gender", "Sex", "BasicDetails",
    "FormerUPN", "PreferredSurname", "PreferredForename", "FormerSurname", "FormerForename", "MiddleNames",
    "NCyearActual", "Ethnicity", "EthnicitySource", "Languages", "Type", "LanguageType", "Language",
    "EnrolStatus", "FSMhistory", "FSMreviewDate", "FSMinstance", "FSMstartDate", "FSMendDate", "UKcountry",
    "FSMEligibilityVerificationDate", "FSMCategory", "LookedAfter", "InCare", "CareAuthority", "ServiceChild",
    "SENhistory", "SEN", "StartDate", "SENprovision", "Phones", "Phone", "TelephoneType", "PhoneNo", "Email",
    "Contacts", "Contact", "Order", "Title", "Relationship", "Responsibility", "AddressAsPupil",
)  # fmt: skip
WRITTEN = {tag.lower(): tag for tag in _READ}
"""The tags that are known, as the department writes them; any other one is counted and named in the preview."""

ETHNICITY_SOURCES = {"C": "child", "P": "parent", "S": "school", "T": "another source", "O": "other"}
"""Who said what a pupil's ethnicity is."""
RELATIONSHIPS = {
    "PAM": "mother", "PAF": "father", "MOT": "mother", "FAT": "father", "STP": "step-parent", "FOS": "foster parent",
    "GPA": "grandparent", "CAR": "carer", "OTH": "other", "REL": "relative", "SWR": "social worker",
}  # fmt: skip
"""Of two codes for the same words the first is written."""
CATEGORIES = {"targeted": "TFSM", "expanded": "EFSM", "other": "OFSM"}
"""The codes of September 2026; a plain yes has none."""
HERE = frozenset("CMSFOG")
"""Enrolled alone, mainly or also here, taught elsewhere, or a guest."""
LEFT = "P"
"""Enrolled before."""
MOBILE, FAX = "M", "F"
"""Kinds of telephone: the one that is taken first, and the one that nobody can ring."""
