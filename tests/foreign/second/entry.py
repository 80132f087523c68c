"""Entries of the log: SPEC, Entry."""

from dataclasses import dataclass
from hashlib import sha256

from . import cbor
from .refused import require

SIZE = 79
ACCEPTED_MS = (1 << 32, (1 << 64) - 1)


@dataclass
class Entry:
    accepted_ms: int
    index_root: bytes
    record: bytes


def read(data):
    require(len(data) == SIZE, "entry/length")
    version, accepted, index_root, record = cbor.array(cbor.decode(data), 4, 4)
    cbor.uint(version, 1, 1)
    cbor.uint(accepted, *ACCEPTED_MS)
    return Entry(accepted, cbor.digest(index_root), cbor.digest(record))


def write(accepted_ms, index_root, record):
    return b"\x84\x01\x1b" + accepted_ms.to_bytes(8, "big") + b"\x58\x20" + index_root + b"\x58\x20" + record


def leaf_hash(data):
    return sha256(b"\x00" + data).digest()
