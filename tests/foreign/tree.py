"""RFC 9162 trees, C2SP tiles and proofs, and the custody index, each by its definition."""

import base64
import hashlib


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\0", entry)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def root_hash(leaves):
    """MTH(D_n), RFC 9162 section 2.1.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(root_hash(leaves[:k]), root_hash(leaves[k:]))


def root_from_path(index, size, node, path):
    """The root that an inclusion path leads to, RFC 9162 section 2.1.3.2."""
    last = size - 1
    for hash_ in path:
        assert last, "path too long"
        if index & 1 or index == last:
            node = node_hash(hash_, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, hash_)
        index, last = index >> 1, last >> 1
    assert last == 0, "path too short"
    return node


class Tiles:
    """The tiles of a published directory, as C2SP tlog-tiles names them."""

    def __init__(self, root, size):
        self.root, self.size = root, size

    def path(self, kind, index, items):
        parts = [f"{index % 1000:03d}"]
        while index >= 1000:
            index //= 1000
            parts.insert(0, f"x{index % 1000:03d}")
        width = min(256, items - 256 * int("".join(part.strip("x") for part in parts)))
        name = "/".join(parts)
        return self.root / kind / (name if width == 256 else f"{name}.p/{width}")

    def bundles(self, kind, length_bytes):
        """All items of the entry or record bundles."""
        items = []
        for index in range((self.size + 255) // 256):
            data = self.path(kind, index, self.size).read_bytes()
            while data:
                length = int.from_bytes(data[:length_bytes], "big")
                item, data = data[length_bytes:][:length], data[length_bytes + length:]
                assert len(item) == length, f"bundle {index} ends early"
                items.append(item)
        assert len(items) == self.size
        return items

    def hash(self, level, index):
        """A complete subtree's hash: from the tile that has it, or from the two below it."""
        if level % 8:
            return node_hash(self.hash(level - 1, 2 * index), self.hash(level - 1, 2 * index + 1))
        tile = self.path(f"tile/{level // 8}", index // 256, self.size >> level).read_bytes()
        at = 32 * (index % 256)
        return tile[at:at + 32]

    def subtree(self, first, last):
        """MTH(D[first:last]) from tiles, where `first` is a multiple of the largest power of two below."""
        span = last - first
        level = span.bit_length() - 1
        if span == 1 << level:
            return self.hash(level, first >> level)
        middle = first + (1 << level)
        return node_hash(self.subtree(first, middle), self.subtree(middle, last))

    def inclusion_path(self, index, first=0, last=None):
        """PATH(m, D_n), RFC 9162 section 2.1.3.1."""
        last = self.size if last is None else last
        if last - first == 1:
            return []
        k = 1 << (last - first - 1).bit_length() - 1
        if index < first + k:
            return self.inclusion_path(index, first, first + k) + [self.subtree(first + k, last)]
        return self.inclusion_path(index, first + k, last) + [self.subtree(first, first + k)]


def read_proof(data):
    """A C2SP tlog-proof: index, hashes, and the checkpoint."""
    text, checkpoint = data.decode().split("\n\n", 1)
    magic, *lines = text.split("\n")
    assert magic == "c2sp.org/tlog-proof@v1"
    if lines[0].startswith("extra "):
        lines.pop(0)
    word, index = lines.pop(0).split(" ")
    assert word == "index"
    return int(index), [base64.b64decode(line, validate=True) for line in lines], checkpoint.encode()


def varint(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def index_root(heads):
    """The Merkle Patricia tree of filippo.io/torchwood/mpt over {key: value}, all keys of 32 bytes."""
    if not heads:
        return sha256()
    return subindex_root(sorted(heads.items()), 0)


def subindex_root(pairs, bit):
    if len(pairs) == 1:
        (key, value), = pairs
        return sha256(b"\0", varint(len(key)), key, varint(len(value)), value)
    while True:
        is_one = [key[bit // 8] >> 7 - bit % 8 & 1 for key, _ in pairs]
        if 0 < sum(is_one) < len(pairs):
            break
        bit += 1
    split = is_one.index(1)
    left, right = subindex_root(pairs[:split], bit + 1), subindex_root(pairs[split:], bit + 1)
    return sha256(b"\1", varint(bit), left, right)
