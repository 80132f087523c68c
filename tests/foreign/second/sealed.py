"""Sealed fields: SPEC, Sealed fields."""

from dataclasses import dataclass
from hashlib import sha256

from . import bodies, cbor
from .refused import Refused, require

MAX_OPENING = 16_384


@dataclass
class Opening:
    index: int
    field: str
    salt: bytes
    value: bytes

    def check(self, record):
        """The value, if it is what the record sealed."""
        require(len(self.value) <= MAX_OPENING, "opening/oversize")
        value = cbor.decode(self.value)
        commitments = record.commitments()
        require(self.field in commitments, "opening/no-such-field")
        preimage = b"\x83" + cbor.encode(self.salt) + cbor.encode(self.field) + self.value
        require(sha256(preimage).digest() == commitments[self.field], "opening/mismatch")
        return value

    def digests(self, record):
        """The digests of evidence or of a document that it opens; none if it does not fit the record or has not their form."""
        try:
            if self.field.startswith("attached/"):
                return [_document(self.check(record))]
            if self.field == "digests" and record.type in bodies.WITH_DIGESTS:
                return bodies.digests(self.check(record))
        except Refused:
            pass
        return []


def _document(value):
    """The digest of an attached document, behind its name."""
    name, digest = cbor.array(value, 2, 2)
    cbor.text(name)
    algorithm, data = cbor.array(digest, 2, 2)
    require(cbor.label(algorithm) == -16, "cbor/out-of-range")
    return algorithm, cbor.digest(data)
