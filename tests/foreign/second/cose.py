"""COSE_Sign messages: SPEC, Signed messages."""

from dataclasses import dataclass, field
from hashlib import sha256

from . import cbor, ids, keys
from .refused import require

RECORD = "application/vnd.custody-ledger.record+cbor"
MANIFEST = "application/vnd.custody-ledger.manifest+cbor"
MAX_RECORD, MAX_MANIFEST = 131_072, 98_304
MAX_SIGNATURES = 129
MAX_LABELS = 16
MAX_ITEMS = 500

CRIT, CONTENT_TYPE, CLAIMS, ALG, KID = 2, 3, 15, 1, 4
ROLE, COUNTERSIGNED, OBSERVED, GENESIS = -65537, -65538, -65539, -65540
AUD, IAT = 3, 6
EDDSA, ED25519 = -8, -19

RELEASING, RECEIVING, WITNESS, SUPERVISOR, AUTHORITY, OPERATOR, OTHER, NEW_KEY, ACTING = range(1, 10)

CHECKS = ("digest", "inventory", "count", "seal")
FINDINGS = ("discrepancy", "missing", "not-inventoried", "seal-mismatch")


@dataclass
class Signature:
    header: bytes
    kid: bytes
    role: int
    outcomes: list
    signature: bytes
    encoded: bytes


@dataclass
class Message:
    digest: bytes
    header: bytes
    aud: str
    genesis: bytes | None
    payload: bytes
    signatures: list = field(default_factory=list)

    def verifies(self, signature, key):
        """Whether this signature is one of this key over this message."""
        signed = cbor.encode(["Signature", self.header, signature.header, b"", self.payload])
        return signature.kid == keys.kid(key) and keys.verifies(key, signature.signature, signed)


def read(data, content_type, limit):
    require(len(data) <= limit, "cose/oversize")
    require(data[:2] == b"\xd8\x62", "cose/not-cose-sign")
    header, unprotected, payload, signatures = cbor.array(cbor.decode(data[2:]), 4, 4)
    aud, genesis = _body_header(cbor.bstr(header), content_type)
    require(cbor.is_empty_map(unprotected), "cose/unprotected-header")
    message = Message(sha256(data).digest(), header, aud, genesis, cbor.bstr(payload))
    before, kids = None, set()
    for item in cbor.array(signatures, 0, MAX_SIGNATURES):
        signature, countersigned = _signature(item)
        require((countersigned is None) == (before is None), "cose/critical-header")
        if before is not None:
            require(countersigned == sha256(before.encoded).digest(), "cose/countersigned")
        require(signature.kid not in kids, "cose/repeated-key")
        kids.add(signature.kid)
        before = signature
        message.signatures.append(signature)
    return message


def _labels(header, readers):
    """The values of a protected header by label, read in their order."""
    found = {}
    for label, value in cbor.mapping(cbor.decode(header), 0, MAX_LABELS):
        cbor.label(label)
        require(label in readers, "cose/header")
        found[label] = readers[label](value)
    return found


def _crit(value):
    return [cbor.label(label) for label in cbor.array(value, 1)]


def _claim(label, read):
    def claims(value):
        pairs = cbor.mapping(value)
        require(len(pairs) == 1 and cbor.label(pairs[0][0]) == label, "cose/header")
        return read(pairs[0][1])

    return claims


def _aud(value):
    require(ids.is_origin(cbor.text(value)), "cose/header")
    return value


def _body_header(data, content_type):
    found = _labels(
        data, {CRIT: _crit, CONTENT_TYPE: cbor.text, CLAIMS: _claim(AUD, _aud), GENESIS: cbor.digest}
    )
    require(found.get(CONTENT_TYPE) == content_type, "cose/content-type")
    require(found.get(CRIT) == ([GENESIS] if GENESIS in found else None), "cose/critical-header")
    require(CLAIMS in found, "cose/header")
    return found[CLAIMS], found.get(GENESIS)


def _signature(value):
    header, unprotected, signature = cbor.array(value, 3, 3)
    found = _labels(
        cbor.bstr(header),
        {
            ALG: cbor.label,
            CRIT: _crit,
            KID: cbor.digest,
            CLAIMS: _claim(IAT, cbor.time),
            ROLE: lambda number: cbor.uint(number, 1, 9),
            COUNTERSIGNED: cbor.digest,
            OBSERVED: _observed,
        },
    )
    require(found.get(ALG) in (EDDSA, ED25519), "cose/header")
    for label in (KID, CLAIMS, ROLE):
        require(label in found, "cose/header")
    critical = [label for label in (ROLE, COUNTERSIGNED, OBSERVED) if label in found]
    require(found.get(CRIT) == critical, "cose/critical-header")
    require(OBSERVED not in found or found[ROLE] == RECEIVING, "cose/header")
    require(cbor.is_empty_map(unprotected), "cose/unprotected-header")
    cbor.bstr(signature, 64, 64)
    outcomes = found.get(OBSERVED, [])
    return (
        Signature(header, found[KID], found[ROLE], outcomes, signature, cbor.encode(value)),
        found.get(COUNTERSIGNED),
    )


def _observed(value):
    """The outcomes, as pairs of position and finding."""
    fields = cbor.Fields(value)
    checked = fields.may("checked", _checked)
    found = fields.may("outcomes", outcomes)
    fields.end()
    require(checked is not None or found is not None, "cbor/out-of-range")
    return found or []


def _checked(value):
    words = [cbor.word(item, CHECKS) for item in cbor.array(value, 1, 4)]
    cbor.ascending(words)
    return words


def outcomes(value):
    """Pairs of position and finding, also of an `inventory`."""
    found = []
    for item in cbor.array(value, 1, MAX_ITEMS):
        position, finding = cbor.array(item, 2, 2)
        found.append((cbor.uint(position, 0, MAX_ITEMS - 1), cbor.word(finding, FINDINGS)))
    cbor.ascending([position for position, _ in found])
    return found
