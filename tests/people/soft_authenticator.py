"""An authenticator in Python: makes passkeys (ES256, attestation "none") and answers challenges, honestly or not."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Credential:
    """One passkey: its id, key, owner's handle, host and counter."""

    id: bytes
    key: ec.EllipticCurvePrivateKey
    handle: str
    host: str
    count: int = 0


@dataclass
class SoftAuthenticator:
    """A device with passkeys; `verifies` is off for one that only notices a touch, `counts` off for synced ones."""

    origin: str = "http://localhost:8000"
    verifies: bool = True
    counts: bool = True
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: dict[str, Any], *, origin: str | None = None) -> str:
        """Make a passkey for these options, as the browser's script would send it."""
        made = Credential(
            secrets.token_bytes(32),
            ec.generate_private_key(ec.SECP256R1()),
            options["user"]["id"],
            options["rp"]["id"],
        )
        self.credentials.append(made)
        numbers = made.key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(made.id)) + made.id + cbor2.dumps(key)
        data = self._data(made, ATTESTED) + attested
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options["challenge"], origin),
            "attestationObject": bytes_to_base64url(
                cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
            ),
            "transports": ["internal"],
        }
        return self._answer(made, response)

    def get(self, options: dict[str, Any], *, origin: str | None = None, handle: str | None = None) -> str:
        """Sign a challenge with the newest passkey."""
        used = self.credentials[-1]
        used.count += 1 if self.counts else 0
        data = self._data(used, 0)
        client = self._client_data("webauthn.get", options["challenge"], origin)
        signed = data + hashlib.sha256(base64url_to_bytes(client)).digest()
        response = {
            "clientDataJSON": client,
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(used.key.sign(signed, ec.ECDSA(SHA256()))),
            "userHandle": handle or used.handle,
        }
        return self._answer(used, response)

    def _data(self, credential: Credential, extra: int) -> bytes:
        flags = PRESENT | extra | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(credential.host.encode()).digest() + struct.pack(">BI", flags, credential.count)

    def _client_data(self, kind: str, challenge: str, origin: str | None) -> str:
        said = {
            "type": kind,
            "challenge": challenge,
            "origin": origin or self.origin,
            "crossOrigin": False,
        }
        return bytes_to_base64url(json.dumps(said).encode())

    def _answer(self, credential: Credential, response: dict[str, Any]) -> str:
        name = bytes_to_base64url(credential.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
