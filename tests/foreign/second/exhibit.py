"""Reading an exhibit: SPEC, Exhibit."""

from dataclasses import dataclass
from hashlib import sha256

from . import cbor, checkpoint, cose, entry, ids, payload, record
from .refused import require
from .sealed import MAX_OPENING, Opening

MAX_EXHIBIT = 67_108_864
REASONS = ("erased", "investigation", "not-held", "order", "personal-data", "privilege")


@dataclass
class Placed:
    index: int
    accepted_ms: int
    index_root: bytes
    record: record.Record

    def entry(self):
        return entry.write(self.accepted_ms, self.index_root, self.record.digest)


@dataclass
class Contents:
    item: str
    tail: bytes
    proof: list
    records: list
    handling: list
    openings: list
    subjects: dict  # id: proof
    checkpoint: checkpoint.Checkpoint
    consistency: dict  # size: proof


@dataclass
class Manifest:
    message: cose.Message
    item: str
    contents: bytes
    exporter: str
    withheld: dict  # reasons by pairs of index and field


@dataclass
class Exhibit:
    contents: Contents
    contents_digest: bytes
    manifest: Manifest


def read(data):
    require(len(data) <= MAX_EXHIBIT, "exhibit/oversize")
    word, version, contents, manifest = cbor.array(cbor.decode(data), 4, 4)
    require(cbor.text(word) == "custody-exhibit", "exhibit/not-an-exhibit")
    cbor.uint(version, 1, 1)
    cbor.bstr(contents)
    signed = _manifest(cbor.bstr(manifest))
    return Exhibit(_contents(contents), sha256(contents).digest(), signed)


def _manifest(data):
    message = cose.read(data, cose.MANIFEST, cose.MAX_MANIFEST)
    fields = cbor.Fields(cbor.decode(message.payload))
    fields.must("v", lambda value: cbor.uint(value, 1, 1))
    fields.must("for", lambda value: cbor.text(value, 1, 400))
    item = fields.must("item", ids.item)
    fields.must("made", payload.occurred)
    fields.must("purpose", lambda value: cbor.text(value, 1, 400))
    contents = fields.must("contents", cbor.digest)
    exporter = fields.must("exporter", ids.custodian)
    withheld = fields.must("withheld", lambda value: [_withheld(item) for item in cbor.array(value, 0, 1000)])
    fields.end()
    _in_order([where for where, _ in withheld])
    return Manifest(message, item, contents, exporter, dict(withheld))


def _withheld(value):
    index, name, reason = cbor.array(value, 3, 3)
    cbor.uint(index)
    cbor.text(name, 1, 48)
    return (index, name), cbor.word(reason, REASONS)


def _in_order(pairs):
    """By ascending index, then field, by the bytes of its text."""
    cbor.ascending([(index, name.encode("utf-8")) for index, name in pairs])


def _contents(data):
    fields = cbor.Fields(cbor.decode(data))
    contents = Contents(
        item=fields.must("item", ids.item),
        tail=fields.must("tail", lambda value: cbor.bstr(value, 0, entry.SIZE)),
        proof=fields.must("proof", _list_of(cbor.digest, 0, 2_097_152)),
        records=fields.must("records", _list_of(_placed, 1, 65_536)),
        handling=fields.may("handling", _list_of(lambda value: cbor.text(value, 1, 64), 1, 16)) or [],
        openings=fields.must("openings", _list_of(_opening, 0, 524_288)),
        subjects=fields.must("subjects", _list_of(_lookup, 1, 65_536)),
        checkpoint=fields.must("checkpoint", lambda value: checkpoint.read(cbor.bstr(value))),
        consistency=fields.must("consistency", _list_of(_earlier, 0, 256)),
    )
    fields.end()
    cbor.ascending([placed.index for placed in contents.records])
    cbor.ascending([code.encode("utf-8") for code in contents.handling])
    _in_order([(opening.index, opening.field) for opening in contents.openings])
    cbor.ascending([subject for subject, _ in contents.subjects])
    cbor.ascending([size for size, _ in contents.consistency])
    contents.subjects = dict(contents.subjects)
    contents.consistency = dict(contents.consistency)
    return contents


def _list_of(read_item, low, high):
    return lambda value: [read_item(item) for item in cbor.array(value, low, high)]


def _placed(value):
    index, accepted_ms, index_root, data = cbor.array(value, 4, 4)
    cbor.uint(index)
    cbor.uint(accepted_ms, *entry.ACCEPTED_MS)
    cbor.digest(index_root)
    require(len(cbor.bstr(data)) <= cose.MAX_RECORD, "record/oversize")
    return Placed(index, accepted_ms, index_root, record.read(data))


def _opening(value):
    index, name, salt, opened = cbor.array(value, 4, 4)
    return Opening(
        cbor.uint(index), cbor.text(name, 1, 48), cbor.bstr(salt, 16, 16), cbor.bstr(opened, 0, MAX_OPENING)
    )


def _lookup(value):
    subject, proof = cbor.array(value, 2, 2)
    return ids.subject(subject), cbor.bstr(proof, 0, 16_384)


def _earlier(value):
    size, proof = cbor.array(value, 2, 2)
    return cbor.uint(size), [cbor.digest(node) for node in cbor.array(proof, 0, 124)]
