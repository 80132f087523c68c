"""Receipts: SPEC, Receipt."""

from dataclasses import dataclass

from . import base64s, checkpoint, numbers
from .refused import Refused, require

MAX_RECEIPT = 745_682
MAX_EXTRA = 65_536
MAX_HASHES = 64
HEADER = "c2sp.org/tlog-proof@v1"


@dataclass
class Receipt:
    index: int
    proof: list
    checkpoint: checkpoint.Checkpoint


def read(data):
    require(len(data) <= MAX_RECEIPT, "receipt/too-long")
    head, empty, rest = data.partition(b"\n\n")
    require(empty, "receipt/no-checkpoint")
    try:
        lines = head.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Refused("receipt/header") from None
    require(lines.pop(0) == HEADER, "receipt/header")
    if lines and lines[0].startswith("extra "):
        extra = base64s.canonical(lines.pop(0)[6:].encode("utf-8"))
        require(extra is not None and 1 <= len(extra) <= MAX_EXTRA, "receipt/extra")
    require(lines and lines[0].startswith("index "), "receipt/index")
    index = numbers.decimal(lines.pop(0)[6:])
    require(index is not None, "receipt/index")
    require(len(lines) <= MAX_HASHES, "receipt/too-many-hashes")
    proof = [base64s.canonical(line.encode("utf-8")) for line in lines]
    require(all(node is not None and len(node) == 32 for node in proof), "receipt/proof-hash")
    return Receipt(index, proof, checkpoint.read(rest))
