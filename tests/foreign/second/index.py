"""The custody index: SPEC, Custody index."""

from hashlib import sha256

from .refused import require

EMPTY = sha256().digest()


def key_of(subject):
    return sha256(subject.encode("utf-8")).digest()


def value_of(length, head):
    return length.to_bytes(8, "big") + head


def verify_present(root, key, value, proof):
    node, at = _climb(key, value, proof, 0, None)
    require(node == root, "index-root-mismatch")


def verify_absent(root, key, proof):
    if not proof:
        require(root == EMPTY, "index-root-mismatch")
        return
    other, at = _counted(proof, 0)
    value, at = _counted(proof, at)
    require(len(other) == len(key), "index-proof-key-length")
    require(other != key, "index-key-present")
    node, at = _climb(other, value, proof, at, key)
    require(node == root, "index-root-mismatch")


def _climb(key, value, proof, at, absent):
    """From the leaf to the root; `absent` is the key whose lookup has to go the same way."""
    node = sha256(b"\x00" + _varint(len(key)) + key + _varint(len(value)) + value).digest()
    below = None
    while at < len(proof):
        bit, at = _read_varint(proof, at)
        sibling, at = _take(proof, at, 32)
        require(bit < 8 * len(key), "index-proof-bit-out-of-range")
        require(below is None or bit < below, "index-proof-bit-order")
        below = bit
        side = _bit(key, bit)
        require(absent is None or _bit(absent, bit) == side, "index-lookup-diverges")
        left, right = (sibling, node) if side else (node, sibling)
        node = sha256(b"\x01" + _varint(bit) + left + right).digest()
    return node, at


def _bit(key, bit):
    return key[bit // 8] >> (7 - bit % 8) & 1


def _varint(number):
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _read_varint(data, at):
    number = shift = 0
    while True:
        require(at < len(data), "index-proof-truncated")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        require(number < 1 << 64 and shift < 70, "index-proof-varint")
        if byte < 0x80:
            require(byte != 0 or shift == 0, "index-proof-varint")
            return number, at
        shift += 7


def _take(data, at, size):
    require(size <= len(data) - at, "index-proof-truncated")
    return data[at : at + size], at + size


def _counted(data, at):
    size, at = _read_varint(data, at)
    return _take(data, at, size)
