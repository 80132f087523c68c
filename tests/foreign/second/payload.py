"""The payload of a record: SPEC, Payload."""

import re
from dataclasses import dataclass

from . import bodies, cbor, ids
from .refused import require

TYPES = tuple(bodies.READERS)
FIELD = re.compile("[a-z-]{1,32}")
TIME_SOURCES = ("ntp", "manual", "device", "tsa")


@dataclass
class Link:
    subject: str
    seq: int
    prev: bytes | None


@dataclass
class Payload:
    type: str
    to: str | None
    giver: str | None
    seen: tuple | None
    sealed: dict
    signers: list
    attached: list
    occurred: int
    subjects: list
    body: dict


def read(data):
    fields = cbor.Fields(cbor.decode(data))
    fields.must("v", lambda value: cbor.uint(value, 1, 1))
    to = fields.may("to", ids.custodian)
    body = fields.must("body", lambda value: value)
    giver = fields.may("from", ids.custodian)
    seen = fields.must("seen", _seen)
    kind = fields.must("type", lambda value: cbor.word(value, TYPES))
    sealed = fields.may("sealed", _sealed)
    signers = fields.must("signers", lambda value: [_signer(item) for item in cbor.array(value, 1, 129)])
    attached = fields.may("attached", lambda value: [_attachment(item) for item in cbor.array(value, 1, 32)])
    when = fields.must("occurred", occurred)
    subjects = fields.must("subjects", _subjects)
    fields.end()
    return Payload(
        kind, to, giver, seen, sealed or {}, signers, attached or [], when, subjects, bodies.READERS[kind](body)
    )


def occurred(value):
    """The UTC seconds of a claimed time."""
    utc, offset, source = cbor.array(value, 3, 3)
    cbor.time(utc)
    cbor.integer(offset, -1440, 1440)
    cbor.word(source, TIME_SOURCES)
    return utc


def _seen(value):
    if value is None:
        return None
    size, root = cbor.array(value, 2, 2)
    return cbor.uint(size), cbor.digest(root)


def _sealed(value):
    sealed = {}
    for name, commitment in cbor.mapping(value, 1, 32):
        require(FIELD.fullmatch(cbor.text(name)), "cbor/out-of-range")
        sealed[name] = cbor.digest(commitment)
    return sealed


def _signer(value):
    role, subject = cbor.array(value, 2, 2)
    return cbor.uint(role, 1, 9), ids.subject(subject)


def _attachment(value):
    """The commitment: nothing else of an attachment is looked at again."""
    media_type, size, commitment = cbor.array(value, 3, 3)
    cbor.text(media_type, 1, 100)
    cbor.uint(size)
    return cbor.digest(commitment)


def _subjects(value):
    links = []
    for item in cbor.array(value, 1, 500):
        subject, seq, prev = cbor.array(item, 3, 3)
        ids.subject(subject)
        cbor.uint(seq)
        require(prev is None or cbor.digest(prev), "cbor/out-of-range")
        require((prev is None) == (seq == 0), "cbor/out-of-range")
        links.append(Link(subject, seq, prev))
    cbor.ascending([link.subject for link in links])
    return links
