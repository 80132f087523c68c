"""The body of each record type: SPEC, Record types. Each reader gives a dict with the keys of its CDDL rule."""

import re

from . import cbor, cose, ids, keys
from .refused import require

COUNTRY = re.compile("[A-Z]{2}")
KEY_REASONS = ("routine", "left", "lost", "stolen")
SCOPES = ("container", "media", "logical", "manifest")
DIGEST_SIZES = {-16: 32, -44: 64}
MAX_EMBEDDED = 98_304


def words(*known):
    return lambda value: cbor.word(value, known)


PURPOSES = words("examination", "transport", "storage", "court", "transfer", "return")
STAND_INS = words("signed-paper", "photograph", "court-record", "waybill", "refused", "unable")
CONDITIONS = words("ambient", "cool", "frozen", "locked", "shielded")
BASES = words(
    "treaty",
    "investigation-order",
    "production-order",
    "direct-production",
    "joint-team",
    "letters-rogatory",
    "domestic-law",
    "consent",
)
KINDS = words("physical", "digital")
UNITS = words("piece", "mg", "g", "kg", "ul", "ml", "l", "mm", "m")
STEPS = (
    "prepared",
    "approved",
    "transmitted",
    "received",
    "accepted",
    "executing",
    "fulfilled",
    "refused",
    "withdrawn",
)
WITH_DIGESTS = ("collect", "derive", "provider-production", "register-legacy")
HANDLING = ("H0", "H1", "H2", "H3", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:CLEAR", "TLP:GREEN", "TLP:RED")
NATIONAL = re.compile("[A-Z]{2}:.+")


def sized(low, high):
    return lambda value: cbor.text(value, low, high)


def or_null(read):
    return lambda value: None if value is None else read(value)


def origin(value):
    require(ids.is_origin(cbor.text(value)), "cbor/out-of-range")
    return value


def digests(value):
    """Pairs of algorithm and digest."""
    found = []
    for item in cbor.array(value, 1, 16):
        scope, algorithm, digest = cbor.array(item, 3, 3)
        cbor.word(scope, SCOPES)
        cbor.label(algorithm)
        require(algorithm in DIGEST_SIZES, "cbor/out-of-range")
        size = DIGEST_SIZES[algorithm]
        found.append((algorithm, cbor.bstr(digest, size, size)))
    return found


def _body(*keys_and_readers):
    """A reader of a map; a key with `?` behind it is optional."""

    def read(value):
        fields = cbor.Fields(value)
        body = {}
        for key, reader in keys_and_readers:
            if key.endswith("?"):
                body[key[:-1]] = fields.may(key[:-1], reader)
            else:
                body[key] = fields.must(key, reader)
        fields.end()
        return body

    return read


def _log_keys(value):
    ed25519, mldsa44 = cbor.array(value, 2, 2)
    return cbor.bstr(ed25519, 32, 32), cbor.bstr(mldsa44, 1312, 1312)


def _country(value):
    require(COUNTRY.fullmatch(cbor.text(value)), "cbor/out-of-range")
    return value


_enrolment = _body(
    ("id", ids.agency),
    ("key", keys.cose_key),
    ("name", lambda value: cbor.text(value, 1, 200)),
    ("country", _country),
    ("recovery", keys.cose_key),
)


def _founders(value):
    founders = [_enrolment(item) for item in cbor.array(value, 1, 64)]
    cbor.ascending([founder["id"] for founder in founders])
    return founders


def _succeeds(value):
    other, genesis, size, root = cbor.array(value, 4, 4)
    return origin(other), cbor.digest(genesis), cbor.uint(size), cbor.digest(root)


_ledger_open_map = _body(
    ("log", _log_keys),
    ("quorum", cbor.uint),
    ("purpose", words("evidence", "training")),
    ("agencies", _founders),
    ("operator", keys.cose_key),
    ("succeeds?", _succeeds),
)


def _ledger_open(value):
    body = _ledger_open_map(value)
    require(1 <= body["quorum"] <= len(body["agencies"]), "cbor/out-of-range")
    return body


def _roles(value):
    roles = []
    for item in cbor.array(value, 1, 6):
        require(cbor.uint(item) in (1, 2, 3, 4, 7, 9), "cbor/out-of-range")
        roles.append(item)
    cbor.ascending(roles)
    return roles


_refuse_map = _body(
    ("offer?", cbor.digest),
    ("ground", words("not-as-described", "seal", "damaged", "papers", "not-addressee", "no-authority", "no-storage")),
    ("release?", cbor.digest),
)


def _refuse(value):
    body = _refuse_map(value)
    require((body["offer"] is None) != (body["release"] is None), "cbor/out-of-range")
    return body


def _absence(value):
    begins, ends, alternate = cbor.array(value, 3, 3)
    require(cbor.time(begins) < cbor.time(ends), "cbor/out-of-range")
    return begins, ends, or_null(ids.custodian)(alternate)


def _sha512(value):
    require(cbor.label(value) == -44, "cbor/out-of-range")
    return value


def _quantity(value):
    amount, unit = cbor.array(value, 2, 2)
    return cbor.uint(amount), UNITS(unit)


def _bound(value):
    agency, request = cbor.array(value, 2, 2)
    return ids.agency(agency), ids.request(request)


def _substitutes(value):
    substitutes = [ids.custodian(item) for item in cbor.array(value, 1, 8)]
    cbor.ascending(substitutes)
    return substitutes


def _part(value):
    part, amount = cbor.array(value, 2, 2)
    return ids.item(part), or_null(cbor.uint)(amount)


def _parts(value):
    parts = [_part(item) for item in cbor.array(value, 1, 499)]
    cbor.ascending([part for part, _ in parts])
    return parts


def _handling_code(value):
    known = cbor.text(value) in HANDLING
    national = NATIONAL.fullmatch(value) is not None and len(value.encode("utf-8")) <= 64
    require(known or national, "cbor/out-of-range")
    return value


def _handling_codes(value):
    codes = [_handling_code(item) for item in cbor.array(value, 0, 8)]
    cbor.ascending([code.encode("utf-8") for code in codes])
    return codes


def _erased_field(value):
    record, name = cbor.array(value, 2, 2)
    return cbor.digest(record), cbor.text(name, 1, 48)


def _erased(value):
    fields = [_erased_field(item) for item in cbor.array(value, 1, 100)]
    cbor.ascending([(record, name.encode("utf-8")) for record, name in fields])
    return fields


def _embedded(value):
    require(len(cbor.bstr(value)) <= MAX_EMBEDDED, "record/oversize")
    return value


READERS = {
    "ledger-open": _ledger_open,
    "agency-enrol": _body(("agency", _enrolment)),
    "custodian-enrol": _body(("key", keys.cose_key), ("roles", _roles), ("agency", ids.agency)),
    "key-rotate": _body(
        ("key", keys.cose_key), ("slot", words("authority", "custodian", "recovery")), ("reason", words(*KEY_REASONS))
    ),
    "key-revoke": _body(("kid", cbor.digest), ("reason", words(*KEY_REASONS))),
    "key-compromised": _body(("kid", cbor.digest), ("since", cbor.time)),
    "collect": _body(("kind", KINDS), ("digests?", digests), ("request?", ids.request), ("quantity?", _quantity)),
    "seal": _body(("kind", words("bag", "lock", "tape", "stamp"))),
    "seal-check": _body(("outcome", words("intact", "broken", "mismatch", "missing"))),
    "handoff": _body(("onward?", cbor.digest), ("purpose", PURPOSES), ("request?", ids.request)),
    "release": _body(
        ("onward?", cbor.digest),
        ("purpose", PURPOSES),
        ("request?", ids.request),
        ("expected?", cbor.time),
        ("substitutes?", _substitutes),
    ),
    "receive": _body(("release", cbor.digest)),
    "refuse": _refuse,
    "recall": _body(("release", cbor.digest)),
    "derive": _body(
        ("tool", lambda value: cbor.text(value, 1, 100)),
        ("method", words("image", "copy", "extract", "convert")),
        ("parent", ids.item),
        ("digests?", digests),
        ("version", lambda value: cbor.text(value, 1, 100)),
    ),
    "verify-digest": _body(("scope", words(*SCOPES)), ("outcome", words("match", "mismatch"))),
    "correct": _body(
        ("field", lambda value: cbor.text(value, 1, 32)),
        ("reason", words("typing", "identity", "clock", "omission")),
        ("record", cbor.digest),
    ),
    "late-entry": _body(("reason", words("conflict", "key-ended")), ("record", _embedded)),
    "note": _body(("kind", words("condition", "remark", "document", "alias"))),
    "dispose": _body(("method", words("destroyed", "wiped", "forfeited"))),
    "agency-update": _body(("name?", sized(1, 200)), ("roles?", _roles), ("absence?", _absence), ("country?", _country)),
    "policy": _body(("quorum", cbor.uint)),
    "anchor": _body(("kind", words("rfc3161")), ("token", lambda value: cbor.bstr(value, 1, 16384))),
    "renewal": _body(("root", lambda value: cbor.bstr(value, 64, 64)), ("algorithm", _sha512)),
    "operator-succession": _body(("origin", origin)),
    "provider-production": _body(("basis", BASES), ("digests?", digests), ("request?", ids.request)),
    "register-legacy": _body(
        ("kind", KINDS),
        ("format", words("case", "table", "paper", "other")),
        ("digests?", digests),
        ("document", cbor.digest),
    ),
    "seal-break": _body(("reason", words("examination", "inspection", "reseal", "accident", "order"))),
    "pack": _body(("bound?", _bound), ("container", ids.item)),
    "unpack": _body(("container", ids.item)),
    "carrier-scan": _body(
        ("event", words("picked-up", "in-transit", "customs", "delayed", "delivered", "exception")),
        ("release", cbor.digest),
    ),
    "handoff-external": _body(
        ("party", words("owner", "court", "carrier", "public", "other")),
        ("purpose", PURPOSES),
        ("stand-in", STAND_INS),
    ),
    "succession": _body(("reason", words("left", "reassigned", "absent", "dismissed", "deceased"))),
    "store": _body(("condition", CONDITIONS)),
    "check-out": _body(("due?", cbor.time), ("purpose", PURPOSES)),
    "check-in": _body(("condition", CONDITIONS)),
    "split": _body(("rest", or_null(cbor.uint)), ("parts", _parts), ("parent", ids.item)),
    "consume": _body(
        ("rest", or_null(cbor.uint)),
        ("amount?", cbor.uint),
        ("purpose", words("analysis", "sample", "calibration", "loss")),
    ),
    "analyse": _body(
        ("kind", words("digital", "chemical", "biological", "marks", "firearms", "documents", "other")),
        ("tool?", sized(1, 100)),
        ("version?", sized(1, 100)),
    ),
    "disclose": _body(
        ("size", cbor.uint),
        (
            "basis",
            words(
                "prosecution", "defence", "court-order", "mutual-assistance", "oversight", "data-subject", "police"
            ),
        ),
        ("exhibit", cbor.digest),
        ("permission?", cbor.digest),
    ),
    "court-exhibit": _body(("status", words("offered", "admitted", "excluded", "withdrawn"))),
    "hold-set": _body(("basis", words("court-order", "appeal", "preservation", "internal"))),
    "hold-release": _body(("hold", cbor.digest)),
    "dispute": _body(
        ("ground", words("identity", "time", "condition", "handling", "authority", "other")), ("record", cbor.digest)
    ),
    "dispute-response": _body(("dispute", cbor.digest)),
    "dispute-resolution": _body(
        ("dispute", cbor.digest), ("outcome", words("upheld", "partly-upheld", "rejected", "withdrawn"))
    ),
    "authorise-onward": _body(
        ("to?", ids.agency),
        ("use", words("transfer", "evidence", "dissemination", "publication")),
        ("until?", cbor.time),
    ),
    "handling": _body(("codes", _handling_codes)),
    "inventory": _body(("method", words("sight", "scan", "seal", "count")), ("outcomes?", cose.outcomes)),
    "discrepancy": _body(
        ("kind", words("missing", "surplus", "quantity", "seal", "description", "digest", "place", "papers")),
        ("record?", cbor.digest),
    ),
    "return-to-owner": _body(("stand-in", STAND_INS)),
    "erase-opening": _body(
        ("basis", words("court-order", "retention", "data-subject", "unlawful")), ("fields", _erased)
    ),
    "request": _body(
        ("to?", ids.agency),
        ("step", words(*STEPS)),
        ("basis?", BASES),
        (
            "ground?",
            words(
                "dual-criminality",
                "political-offence",
                "double-jeopardy",
                "public-order",
                "human-rights",
                "proportionality",
                "immunity",
                "form",
                "impossible",
            ),
        ),
        ("purpose?", words("evidence", "data", "preservation", "search", "restitution")),
        ("deadline?", cbor.time),
        ("instrument?", sized(1, 200)),
    ),
}


def new_keys(kind, body):
    """The keys that a record brings, in their order."""
    if kind == "ledger-open":
        return [body["operator"]] + [key for founder in body["agencies"] for key in (founder["key"], founder["recovery"])]
    if kind == "agency-enrol":
        return [body["agency"]["key"], body["agency"]["recovery"]]
    if kind in ("custodian-enrol", "key-rotate"):
        return [body["key"]]
    return []
