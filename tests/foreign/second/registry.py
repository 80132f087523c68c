"""Ledgers, agencies, custodians and their keys: SPEC, Rules, Registry."""

from . import cose, ids, keys
from .refused import require
from .standings import COMPROMISED, REPLACED, REVOKED, Agency, Custodian, Key, Ledger

MAX_KEYS = 1024


def judge(one, subject, standing):
    """The standing of the subject after the record."""
    body = one.body
    if one.type == "ledger-open":
        return _founded(body, subject)
    if one.type == "agency-enrol" and ids.kind(subject) == "agency":
        return _enrolled(body["agency"])
    if one.type == "custodian-enrol":
        return Custodian(body["agency"], body["roles"], {keys.kid(body["key"]): Key(body["key"], "custodian")})
    require(standing is not None, "custody/no-such-subject")
    if one.type == "key-rotate":
        _rotate(one, subject, standing.keys)
    elif one.type == "key-revoke":
        key = standing.keys.get(body["kid"])
        require(key is not None and key.ended is None, "custody/no-such-key")
        key.ended = REVOKED
    elif one.type == "key-compromised":
        _compromise(standing.keys.get(body["kid"]), body["since"])
    elif one.type == "agency-update" and body["roles"] is not None:
        standing.roles = body["roles"]
    elif one.type == "policy":
        require(1 <= body["quorum"] <= len(standing.founders), "custody/quorum-range")
        standing.quorum = body["quorum"]
    elif one.type == "operator-succession":
        standing.successor = body["origin"]
    return standing


def _founded(body, subject):
    if ids.kind(subject) == "agency":
        return _enrolled(next(founder for founder in body["agencies"] if founder["id"] == subject))
    founders = {founder["id"] for founder in body["agencies"]}
    return Ledger(body["quorum"], founders, {keys.kid(body["operator"]): Key(body["operator"], "operator")})


def _enrolled(enrolment):
    slots = (("authority", enrolment["key"]), ("recovery", enrolment["recovery"]))
    return Agency({keys.kid(key): Key(key, slot) for slot, key in slots})


def _rotate(one, subject, held):
    body = one.body
    require(len(held) < MAX_KEYS, "custody/too-many-keys")
    for key in held.values():
        if key.slot == body["slot"] and key.ended is None:
            key.ended = REPLACED
    by_others = ids.kind(subject) == "agency" and subject not in one.signed_by(cose.AUTHORITY)
    held[keys.kid(body["key"])] = Key(body["key"], body["slot"], by_others=by_others)


def _compromise(key, since):
    require(key is not None, "custody/no-such-key")
    require(key.ended != COMPROMISED or since < key.since, "custody/no-such-key")
    key.ended, key.since = COMPROMISED, since
