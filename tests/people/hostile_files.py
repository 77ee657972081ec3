"""Files that somebody made to break the import, each with words of the sentence that refuses it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple

from tests.people.ctf_files import END, HEADER, one_pupil

PLAIN = one_pupil().decode()
BODY = PLAIN.split("?>", 1)[1]
MEGABYTE = 1024 * 1024


class Hostile(NamedTuple):
    """How to make the file, and a pattern that its refusal holds."""

    make: Callable[[], bytes]
    words: str


def hostile(name: str) -> bytes:
    """The bytes of one."""
    return HOSTILE[name].make()


def _with_doctype(declarations: str, use: str = "") -> bytes:
    body = BODY.replace("<Surname>Okafor", f"<Surname>{use}Okafor")
    return f'<?xml version="1.0"?><!DOCTYPE CTfile [{declarations}]>{body}'.encode()


def _laughs() -> bytes:
    lines = ['<!ENTITY l0 "ha">'] + [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)]
    return _with_doctype("".join(lines), "&l9;")


def _declaring(encoding: str, body: bytes | None = None) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + (BODY.encode() if body is None else body)


def _in_utf16(text: str) -> bytes:
    return text.encode("utf-16")


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("roll.csv", "UPN,Surname\n")
    return made.getvalue()


def _pupils(inner: str) -> bytes:
    return (HEADER.format(version="25") + inner + END).encode()


HOSTILE: dict[str, Hostile] = {
    "billion laughs": Hostile(_laughs, "document type"),
    "quadratic blow-up": Hostile(
        lambda: _with_doctype(f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 500), "document type"
    ),
    "external entity": Hostile(
        lambda: _with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), "document type"
    ),
    "parameter entity": Hostile(
        lambda: _with_doctype('<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;'), "document type"
    ),
    "external document type": Hostile(
        lambda: f'<?xml version="1.0"?><!DOCTYPE CTfile SYSTEM "http://127.0.0.1:1/x.dtd">{BODY}'.encode(),
        "document type",
    ),
    "document type alone": Hostile(lambda: _with_doctype(""), "document type"),
    "document type in UTF-16": Hostile(
        lambda: _in_utf16(f'<!DOCTYPE CTfile [<!ENTITY a "b">]>{BODY.strip()}'), "document type"
    ),
    "entity that nobody declares": Hostile(lambda: _pupils("<Pupil>&x;</Pupil>"), "nobody explains"),
    "deep nesting": Hostile(lambda: one_pupil("<a>" * 500 + "</a>" * 500), "levels deep"),
    "deep nesting where nobody looks": Hostile(
        lambda: one_pupil(f"<Attendance>{'<a>' * 100_000}{'</a>' * 100_000}</Attendance>"), "levels deep"
    ),
    "huge text": Hostile(lambda: one_pupil(f"<Title>{'x' * 5_000_000}</Title>"), "longer than"),
    "huge text in CDATA": Hostile(
        lambda: one_pupil(f"<Title><![CDATA[{'x' * 5_000_000}]]></Title>"), "longer than"
    ),
    "huge attribute": Hostile(lambda: one_pupil(f'<Title a="{"x" * 19_000_000}"/>'), "longer than any"),
    "long attribute": Hostile(lambda: one_pupil(f'<Title a="{"x" * 5_000}"/>'), "attributes"),
    "huge comment": Hostile(lambda: one_pupil(f"<!--{'x' * 19_000_000}-->"), "longer than any"),
    "huge instruction": Hostile(lambda: one_pupil(f"<?x {'x' * 19_000_000}?>"), "longer than any"),
    "huge tag": Hostile(lambda: one_pupil(f"<{'x' * 19_000_000}/>"), "longer than any"),
    "tag that never ends": Hostile(lambda: b"<" + b"x" * 19_000_000, "longer than any"),
    "many elements": Hostile(lambda: one_pupil("<Title/>" * 100_000), "elements"),
    "many different tags": Hostile(
        lambda: _pupils(f"<Attendance>{''.join(f'<a{n}/>' for n in range(1_000_000))}</Attendance>"),
        "different tags",
    ),
    "many different attributes": Hostile(
        lambda: _pupils("".join(f'<X a{n}=""/>' for n in range(500_000))), "different tags"
    ),
    "UTF-7": Hostile(lambda: _declaring("UTF-7"), "UTF-7.*do not read"),
    "document type hidden in UTF-7": Hostile(
        lambda: _declaring("UTF-7", b"+ADwAIQ-DOCTYPE x+AD4APA-CTfile/+AD4-"), "UTF-7.*do not read"
    ),
    "EBCDIC": Hostile(lambda: _declaring("cp037"), "cp037.*do not read"),
    "encoding of Python alone": Hostile(lambda: _declaring("unicode_escape"), "do not read"),
    "UTF-32": Hostile(lambda: PLAIN.encode("utf-32"), "UTF-32.*do not read"),
    "UTF-8 that claims to be UTF-16": Hostile(lambda: _declaring("UTF-16"), "UTF-16, and it is not"),
    "UTF-16 that claims to be UTF-8": Hostile(lambda: _in_utf16(PLAIN), "UTF-8, and it is not"),
    "half a sign of UTF-16": Hostile(
        lambda: (
            PLAIN.replace("UTF-8", "UTF-16").replace("Oka", "Oka\ud800").encode("utf-16", "surrogatepass")
        ),
        "not UTF-16",
    ),
    "bytes that are no UTF-8": Hostile(
        lambda: PLAIN.replace("Okafor", "Okaf\udcffr").encode("utf-8", "surrogateescape"), "line 6.*not UTF-8"
    ),
    "long way of writing a sign": Hostile(
        lambda: PLAIN.encode().replace(b"Okafor", b"\xc0\xbcOkafor"), "line 6.*not UTF-8"
    ),
    "truncated": Hostile(lambda: PLAIN[: len(PLAIN) // 2].encode(), "ends too soon"),
    "elements that cross": Hostile(lambda: one_pupil("<Title><Type></Title></Type>"), "not closed"),
    "NUL": Hostile(lambda: PLAIN.replace("Okafor", "Oka\x00for").encode(), "line 6.*NUL"),
    "NUL as a number": Hostile(lambda: PLAIN.replace("Okafor", "Oka&#0;for").encode(), "broken"),
    "too many pupils": Hostile(lambda: _pupils("<Pupil></Pupil>" * 10_001), "10,000"),
    "too large": Hostile(lambda: one_pupil("<x>" + " " * (21 * MEGABYTE) + "</x>"), "20 MB"),
    "no such root": Hostile(
        lambda: b'<?xml version="1.0"?><html><body>hello</body></html>', "not a common transfer file"
    ),
    "nothing in it": Hostile(lambda: _pupils(""), "no pupil"),
    "override in XML": Hostile(
        lambda: one_pupil().replace(b"Okafor", "Oka\u202efor".encode()), "cannot be seen"
    ),
    "override as a number": Hostile(
        lambda: one_pupil().replace(b"Okafor", b"Oka&#x202E;for"), r"line 6.*Surname.*U\+202E"
    ),
    "a zip called CSV": Hostile(_zip, "zip"),
    "a million columns": Hostile(
        lambda: b"UPN,Surname,Forename,DOB" + b",x" * 1_000_000 + b"\nA,B,C,D\n", "columns"
    ),
    "a million headings": Hostile(lambda: b"UPN" + b",UPN" * 1_000_000 + b"\n", "columns"),
    "a million cells in one row": Hostile(
        lambda: b"UPN,Surname,Forename,DOB\nA,B,C,D" + b",x" * 1_000_000 + b"\n", "line 2.*columns"
    ),
    "right-to-left override": Hostile(
        lambda: b"Surname,Forename,DOB\nOka\xe2\x80\xaefor,Ada,5/10/2018\n", "cannot be seen"
    ),
    "isolate in a name": Hostile(
        lambda: b"Surname,Forename,DOB\nOka\xe2\x81\xa6for,Ada,5/10/2018\n", "cannot be seen"
    ),
    "NUL in a name": Hostile(lambda: b"Surname,Forename,DOB\nOka\x00for,Ada,5/10/2018\n", "cannot be seen"),
}
