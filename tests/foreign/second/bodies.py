"""The body of each record type: SPEC, Record types. Each reader gives a dict with the keys of its CDDL rule."""

import re

from . import cbor, ids, keys
from .refused import require

COUNTRY = re.compile("[A-Z]{2}")
KEY_REASONS = ("routine", "left", "lost", "stolen")
SCOPES = ("container", "media", "logical", "manifest")
DIGEST_SIZES = {-16: 32, -44: 64}
MAX_EMBEDDED = 98_304


def words(*known):
    return lambda value: cbor.word(value, known)


PURPOSES = words("examination", "transport", "storage", "court", "transfer", "return")


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


_ledger_open_map = _body(
    ("log", _log_keys),
    ("quorum", cbor.uint),
    ("purpose", words("evidence", "training")),
    ("agencies", _founders),
    ("operator", keys.cose_key),
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
    "collect": _body(("kind", words("physical", "digital")), ("digests?", digests)),
    "seal": _body(("kind", words("bag", "lock", "tape", "stamp"))),
    "seal-check": _body(("outcome", words("intact", "broken", "mismatch", "missing"))),
    "handoff": _body(("purpose", PURPOSES)),
    "release": _body(("purpose", PURPOSES), ("expected?", cbor.time)),
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
    "note": _body(("kind", words("condition", "remark", "document"))),
    "dispose": _body(("method", words("destroyed", "wiped", "forfeited"))),
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
