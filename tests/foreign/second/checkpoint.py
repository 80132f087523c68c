"""Checkpoints: SPEC, Checkpoint."""

from dataclasses import dataclass

from . import base64s, note, numbers, tree
from .refused import require


@dataclass
class Checkpoint:
    origin: str
    size: int
    root: bytes
    note: note.Note


def read(data):
    signed = note.read(data)
    lines = signed.text[:-1].split("\n")
    require(len(lines) >= 3, "checkpoint/truncated")
    require(len(lines) == 3, "checkpoint/extension-line")
    require(note.is_key_name(lines[0]), "checkpoint/origin")
    size = numbers.decimal(lines[1])
    require(size is not None, "checkpoint/size")
    root = base64s.canonical(lines[2].encode("utf-8"))
    require(root is not None and len(root) == 32, "checkpoint/root")
    require(size != 0 or root == tree.EMPTY, "checkpoint/empty-tree-root")
    return Checkpoint(lines[0], size, root, signed)
