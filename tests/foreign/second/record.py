"""Records: SPEC, Roles and chains by type."""

import re
from dataclasses import dataclass

from . import bodies, cose, ids, keys, payload
from .refused import require

MAX_RECORD = 98_304

# For each type: the roles of its signers, and its chains with `0` behind those at seq 0, as regular expressions.
SHAPES = {
    "ledger-open": ("6(58)+", "(agency:0 )+ledger:0 "),
    "agency-enrol": ("5+88", "agency:0 ledger:\\d "),
    "custodian-enrol": ("58", "custodian:0 "),
    "key-rotate": ("5+8", "(agency|custodian):\\d "),
    "key-revoke": ("5+", "(agency|custodian):\\d "),
    "key-compromised": ("5+", "(agency|custodian):\\d "),
    "collect": ("93*", "item:0 "),
    "seal": ("93*", "(item:\\d )+"),
    "seal-check": ("93*", "(item:\\d )+"),
    "handoff": ("123*", "(item:\\d )+"),
    "release": ("13*", "(item:\\d )+"),
    "receive": ("23*", "(item:\\d )+"),
    "refuse": ("2", "(item:\\d )+|(notes:\\d )+"),
    "recall": ("1", "(item:\\d )+"),
    "derive": ("93*", "(item:\\d ){2}"),
    "verify-digest": ("93*", "(item:\\d )+"),
    "correct": ("94", "notes:\\d "),
    "late-entry": ("9", "notes:\\d "),
    "note": ("9", "notes:\\d "),
    "dispose": ("93", "(item:\\d )+"),
    "agency-update": ("5", "(agency|custodian):\\d "),
    "policy": ("5+", "ledger:\\d "),
    "anchor": ("6", "ledger:\\d "),
    "renewal": ("6", "ledger:\\d "),
    "operator-succession": ("5+", "ledger:\\d "),
    "provider-production": ("93*", "item:0 "),
    "register-legacy": ("93*", "item:0 "),
    "seal-break": ("93*", "(item:\\d )+"),
    "pack": ("93*", "(item:\\d ){2,}"),
    "unpack": ("93*", "(item:\\d ){2,}"),
    "carrier-scan": ("[97]", "(notes:\\d )+"),
    "handoff-external": ("[12]3*", "(item:\\d )+"),
    "succession": ("123*|523+", "(item:\\d )+"),
    "store": ("93*", "(item:\\d )+"),
    "check-out": ("123*", "(item:\\d )+"),
    "check-in": ("123*", "(item:\\d )+"),
    "split": ("93*", "(item:\\d ){2,}"),
    "consume": ("93*", "item:\\d "),
    "analyse": ("93*", "(item:\\d )+"),
    "disclose": ("9", "notes:\\d "),
    "court-exhibit": ("9", "notes:\\d "),
    "hold-set": ("9", "(notes:\\d )+"),
    "hold-release": ("94", "(notes:\\d )+"),
    "dispute": ("9", "notes:\\d "),
    "dispute-response": ("9", "notes:\\d "),
    "dispute-resolution": ("94", "notes:\\d "),
    "authorise-onward": ("94", "(notes:\\d )+"),
    "handling": ("9", "(notes:\\d )+"),
    "inventory": ("93*", "(notes:\\d )+"),
    "discrepancy": ("9", "notes:\\d "),
    "return-to-owner": ("13*", "(item:\\d )+"),
    "erase-opening": ("94", "notes:\\d "),
    "request": ("9", "request:\\d "),
}

# The first signer of which role is `from`, and which is `to`; None is anybody.
PARTIES = {"handoff": (1, 2), "release": (1, None), "receive": (None, 2), "refuse": (None, 2), "recall": (1, None)}
PARTIES |= {"succession": (1, 2), "check-out": (1, 2), "check-in": (1, 2)}

# Sealed fields that a type demands, whatever its body says.
DEMANDED = {
    "seal": ["seal"],
    "correct": ["value"],
    "dispose": ["authority"],
    "provider-production": ["provider"],
    "register-legacy": ["events"],
    "handoff-external": ["party"],
    "store": ["place"],
    "disclose": ["recipient"],
    "court-exhibit": ["mark"],
    "hold-set": ["authority"],
    "hold-release": ["authority"],
    "dispute": ["text"],
    "dispute-response": ["text"],
    "dispute-resolution": ["text"],
    "authorise-onward": ["authority"],
    "discrepancy": ["text"],
    "return-to-owner": ["authority", "party"],
    "erase-opening": ["authority"],
}
NO_DOCUMENT = ("refused", "unable")  # stand-ins that leave nothing to attach


@dataclass
class Record:
    message: cose.Message
    payload: payload.Payload
    size: int

    @property
    def digest(self):
        return self.message.digest

    @property
    def type(self):
        return self.payload.type

    @property
    def body(self):
        return self.payload.body

    @property
    def subjects(self):
        return self.payload.subjects

    @property
    def signers(self):
        return self.payload.signers

    def ids(self):
        return [link.subject for link in self.payload.subjects]

    def signed_by(self, *roles):
        """Who signs in these roles, in the order of the signatures."""
        return [subject for role, subject in self.payload.signers if role in roles]

    def new_keys(self):
        return bodies.new_keys(self.type, self.body)

    def commitments(self):
        """The commitments of sealed fields and attachments, by name."""
        attached = {f"attached/{n}": digest for n, digest in enumerate(self.payload.attached)}
        return self.payload.sealed | attached

    def outcome_of(self, position):
        """What the receiving signature found about the item at this position."""
        for signature in self.message.signatures:
            for where, finding in signature.outcomes:
                if where == position:
                    return finding
        return None


def read(data):
    message = cose.read(data, cose.RECORD, cose.MAX_RECORD)
    record = Record(message, payload.read(message.payload), len(data))
    require(len(data) <= MAX_RECORD or record.type == "late-entry", "record/oversize")
    _signatures(record)
    require((message.genesis is None) == (record.type == "ledger-open"), "record/genesis")
    if record.type == "ledger-open":
        marked = message.aud.startswith("training-not-evidence/")
        require((record.body["purpose"] == "training") == marked, "record/training-origin")
    _signers(record)
    _chains(record)
    _parties(record)
    _fields(record)
    require(len(message.signatures) == len(record.signers), "record/signature-count")
    return record


def _signatures(record):
    signatures = record.message.signatures
    require(len(signatures) <= len(record.signers), "record/signature-count")
    brought = iter(record.new_keys())
    for signature, (role, _) in zip(signatures, record.signers):
        require(signature.role == role, "record/signature-role")
        if record.type == "ledger-open" or role == cose.NEW_KEY:
            key = next(brought, None)
            require(key is not None and keys.kid(key) == signature.kid, "record/signers")
        if signature.outcomes:
            require(signature.outcomes[-1][0] < len(record.subjects), "record/outcome")
    if record.body.get("outcomes"):
        require(record.body["outcomes"][-1][0] < len(record.subjects), "record/outcome")


def _signers(record):
    allowed = {cose.AUTHORITY: ("agency",), cose.OPERATOR: ("ledger",), cose.NEW_KEY: ("agency", "custodian")}
    for role, subject in record.signers:
        require(ids.kind(subject) in allowed.get(role, ("custodian",)), "record/signers")
    roles = "".join(str(role) for role, _ in record.signers)
    require(re.fullmatch(SHAPES[record.type][0], roles), "record/signers")
    for subject in [subject for _, subject in record.signers] + record.ids():
        if ids.kind(subject) == "ledger":
            require(subject == "ledger:" + record.message.aud, "record/signers")

    authorities, new = record.signed_by(cose.AUTHORITY), record.signed_by(cose.NEW_KEY)
    if record.type == "ledger-open":
        founders = [founder["id"] for founder in record.body["agencies"]]
        require(authorities == founders and new == founders, "record/signers")
        return
    if record.type == "custodian-enrol":
        require(authorities == [record.body["agency"]], "record/signers")
    require(all(one < other for one, other in zip(authorities, authorities[1:])), "record/signers")
    if record.type == "agency-enrol":
        require(all(subject == record.body["agency"]["id"] for subject in new), "record/signers")
    else:
        require(all(subject == record.ids()[0] for subject in new), "record/signers")
    if record.body.get("stand-in") in NO_DOCUMENT:
        require(record.signed_by(cose.WITNESS), "record/signers")


def _chains(record):
    shape = "".join(f"{ids.kind(link.subject)}:{0 if link.seq == 0 else 1} " for link in record.subjects)
    require(re.fullmatch(SHAPES[record.type][1], shape), "record/subjects")
    subjects, body = record.ids(), record.body
    if record.type == "ledger-open":
        require(subjects[:-1] == [founder["id"] for founder in body["agencies"]], "record/subjects")
    elif record.type == "agency-enrol":
        require(subjects[0] == body["agency"]["id"], "record/subjects")
    elif record.type == "key-rotate":
        of_custodian = ids.kind(subjects[0]) == "custodian"
        require((body["slot"] == "custodian") == of_custodian, "record/subjects")
    elif record.type == "derive":
        others = [link for link in record.subjects if link.subject != body["parent"]]
        require(len(others) == 1 and others[0].seq == 0, "record/subjects")
    elif record.type == "refuse":
        answers = "notes" if body["release"] is None else "item"
        require(ids.kind(subjects[0]) == answers, "record/subjects")
    else:
        _more_chains(record, subjects, body)


def _more_chains(record, subjects, body):
    if record.type == "split":
        others = [link for link in record.subjects if link.subject != body["parent"]]
        require([link.subject for link in others] == [part for part, _ in body["parts"]], "record/subjects")
        require(body["parent"] in subjects and all(link.seq == 0 for link in others), "record/subjects")
    elif record.type in ("pack", "unpack"):
        require(body["container"] in subjects, "record/subjects")
    elif record.type == "agency-update":
        of_agency = body["name"] is not None or body["country"] is not None
        of_custodian = body["roles"] is not None or body["absence"] is not None
        is_agency = ids.kind(subjects[0]) == "agency"
        require((of_agency, of_custodian) == (is_agency, not is_agency), "record/subjects")
    elif record.type == "request":
        require((record.subjects[0].seq == 0) == (body["step"] == "prepared"), "record/subjects")


def _parties(record):
    giver, to = record.payload.giver, record.payload.to
    if record.type not in PARTIES:
        require(giver is None and to is None, "record/parties")
        return
    require(giver is not None and to is not None and giver != to, "record/parties")
    for party, role in zip((giver, to), PARTIES[record.type]):
        signers = record.signed_by(role) if role is not None else []
        require(not signers or party == signers[0], "record/parties")


def _fields(record):
    sealed, code = record.payload.sealed, "record/missing-field"
    for name in DEMANDED.get(record.type, []) + _demanded_by_body(record.type, record.body):
        require(name in sealed, code)
    _digests(record, sealed, code)
    if record.type in ("anchor", "renewal"):
        require(record.payload.seen is not None, code)
    if record.body.get("stand-in", "unable") not in NO_DOCUMENT:
        require(record.payload.attached, code)
    if record.type == "authorise-onward":
        require((record.body["to"] is not None) == (record.body["use"] == "transfer"), code)
    if record.type == "request":
        _request_fields(record.body, code)


def _demanded_by_body(kind, body):
    if kind == "note":
        return ["alias" if body["kind"] == "alias" else "text"]
    if kind == "authorise-onward" and body["use"] != "transfer":
        return ["recipient"]
    if kind == "request" and body["step"] == "prepared":
        return ["contact"]
    return []


def _digests(record, sealed, code):
    in_body, is_sealed = record.body.get("digests") is not None, "digests" in sealed
    digital = record.type == "collect" and record.body["kind"] == "digital"
    if digital or record.type in ("derive", "provider-production"):
        require(in_body != is_sealed, code)
    elif record.type == "register-legacy":
        require(not (in_body and is_sealed), code)


def _request_fields(body, code):
    for name in ("to", "basis", "purpose", "instrument"):
        require((body[name] is not None) == (body["step"] == "prepared"), code)
    require((body["ground"] is not None) == (body["step"] == "refused"), code)
