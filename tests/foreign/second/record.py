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
}

# The first signer of which role is `from`, and which is `to`; None is anybody.
PARTIES = {"handoff": (1, 2), "release": (1, None), "receive": (None, 2), "refuse": (None, 2), "recall": (1, None)}

DEMANDED = {"seal": "seal", "correct": "value", "note": "text", "dispose": "authority"}


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


def _parties(record):
    giver, to = record.payload.giver, record.payload.to
    if record.type not in PARTIES:
        require(giver is None and to is None, "record/parties")
        return
    require(giver is not None and to is not None and giver != to, "record/parties")
    for party, role in zip((giver, to), PARTIES[record.type]):
        require(role is None or party == record.signed_by(role)[0], "record/parties")


def _fields(record):
    sealed, body = record.payload.sealed, record.body
    if record.type in DEMANDED:
        require(DEMANDED[record.type] in sealed, "record/missing-field")
    if record.type == "derive" or record.type == "collect" and body["kind"] == "digital":
        require((body["digests"] is None) == ("digests" in sealed), "record/missing-field")
