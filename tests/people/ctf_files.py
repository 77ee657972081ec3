"""Common transfer files of invented pupils, as many as wanted, the same ones each time."""

from __future__ import annotations

import random
from datetime import date, timedelta

from booking.people.upn import upn_check_letter

HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<CTfile>
<Header><DocumentName>Common Transfer File</DocumentName><CTFversion>{version}</CTFversion>
<DateTime>2026-11-20T10:00:00</DateTime><SourceSchool><LEA>999</LEA><Estab>1234</Estab></SourceSchool></Header>
<CTFpupilData>
"""
END = "</CTFpupilData></CTfile>\n"
SURNAMES = ("Okafor", "Łukasik", "Nguyễn", "O’Hara", "Smith & Sons", "محمد", "Patel-Jones", "李")
FORENAMES = ("Ada", "Zoë", "Amir", "Sáoirse", "Kofi", "Wei", "Björn", "Ayesha")
ONE = """<Pupil><UPN>{upn}</UPN><Surname>Okafor</Surname><Forename>Ada</Forename><DOB>2018-10-05</DOB>
<Sex>F</Sex><BasicDetails><NCyearActual>3</NCyearActual><Ethnicity>BAFR</Ethnicity><EthnicitySource>P</EthnicitySource>
<Languages><Type><LanguageType>F</LanguageType><Language>YOR</Language></Type></Languages></BasicDetails>{more}</Pupil>
"""


def a_upn(number: int) -> str:
    """A right UPN that belongs to this number alone."""
    twelve = f"999{1000 + number // 1000:04d}22{number % 1000:03d}"
    return upn_check_letter(twelve) + twelve


def one_pupil(more: str = "", *, version: str = "25.0") -> bytes:
    """A file with Ada Okafor alone; `more` stands at the end of her element."""
    return (HEADER.format(version=version) + ONE.format(upn=a_upn(1), more=more) + END).encode()


def many_pupils(count: int, *, seed: int = 7) -> bytes:
    """A file of this many pupils with meals, SEN, languages and two contacts each."""
    draw = random.Random(seed)
    return (HEADER.format(version="24.0") + "".join(_pupil(n, draw) for n in range(count)) + END).encode()


def _pupil(number: int, draw: random.Random) -> str:
    born = date(2015, 9, 1) + timedelta(days=draw.randrange(6 * 365))
    surname = draw.choice(SURNAMES).replace("&", "&amp;")
    year = ("6", "5", "4", "3", "2", "1", "R")[min(6, (born - date(2015, 9, 1)).days // 365)]
    meals = (
        f"<FSMhistory><FSMinstance><FSMstartDate>{born.replace(day=1) + timedelta(days=1700)}</FSMstartDate>"
        "<UKcountry>ENG</UKcountry></FSMinstance></FSMhistory>"
        if draw.random() < 0.25
        else ""
    )
    sen = (
        "<SENhistory><SEN><StartDate>2023-09-01</StartDate><SENprovision>K</SENprovision></SEN>"
        "<SEN><StartDate>2025-01-06</StartDate><SENprovision>E</SENprovision></SEN></SENhistory>"
        if draw.random() < 0.15
        else ""
    )
    contacts = "".join(
        f"<Contact><Order>{n}</Order><Surname>{surname}</Surname><Forename>{name}</Forename>"
        f"<Relationship>{kind}</Relationship><Responsibility>true</Responsibility>"
        f"<Phones><Phone><TelephoneType>M</TelephoneType><PhoneNo>07700 9{number:05d}</PhoneNo></Phone></Phones>"
        f"<Email>{name.lower()}.{number}@families.example</Email></Contact>"
        for n, name, kind in ((1, "Robin", "MOT"), (2, "Sam", "FAT"))
    )
    return (
        f"<Pupil><UPN>{a_upn(number)}</UPN><Surname>{surname}</Surname>"
        f"<Forename>{draw.choice(FORENAMES)}</Forename>"
        f"<DOB>{born}</DOB><Gender>{draw.choice('FM')}</Gender><BasicDetails><NCyearActual>{year}</NCyearActual>"
        f"<Ethnicity>{draw.choice(('WBRI', 'APKN', 'BAFR', 'MWBC', 'NOBT'))}</Ethnicity>"
        "<EthnicitySource>P</EthnicitySource>"
        f"<Languages><Type><LanguageType>F</LanguageType><Language>{draw.choice(('ENG', 'URD', 'POL', 'ARA'))}</Language>"
        f"</Type></Languages><EnrolStatus>C</EnrolStatus></BasicDetails>{meals}{sen}<Contacts>{contacts}</Contacts></Pupil>\n"
    )
