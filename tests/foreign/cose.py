"""Signed messages as plain COSE: nothing here was written with the ledger's code at hand.

The deterministic encoder is our own, since cbor2's `canonical=True` sorts map keys as RFC 7049 had it.
"""

import hashlib
import struct

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def encode(item):
    """The deterministic encoding of RFC 8949 section 4.2.1."""
    if item is None:
        return b"\xf6"
    if item is True or item is False:
        return b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return head(1, -1 - item) if item < 0 else head(0, item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        text = item.encode()
        return head(3, len(text)) + text
    if isinstance(item, (list, tuple)):
        return head(4, len(item)) + b"".join(encode(part) for part in item)
    if isinstance(item, dict):
        pairs = sorted((encode(key), encode(value)) for key, value in item.items())
        return head(5, len(pairs)) + b"".join(key + value for key, value in pairs)
    if isinstance(item, cbor2.CBORTag):
        return head(6, item.tag) + encode(item.value)
    raise TypeError(f"{type(item)} stands in no record")


def head(major, argument):
    """Major type and argument in their shortest form."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, length in ((24, "B"), (25, "H"), (26, "I"), (27, "Q")):
        if argument < 1 << 8 * struct.calcsize(length):
            return bytes([major << 5 | info]) + struct.pack(">" + length, argument)
    raise ValueError("more than 64 bits")


def canonical(data):
    """Decodes an item, which must be in its only encoding."""
    item = cbor2.loads(data)
    if encode(item) != data:
        raise ValueError("not canonical")
    return item


def thumbprint(point):
    """COSE key thumbprint of an Ed25519 key: RFC 9679."""
    return hashlib.sha256(encode({1: 1, -1: 6, -2: point})).digest()


class Message:
    """A COSE_Sign message, taken apart. Raises ValueError for what is not one."""

    def __init__(self, data):
        tagged = canonical(data)
        if not isinstance(tagged, cbor2.CBORTag) or tagged.tag != 98:
            raise ValueError("not a COSE_Sign message")
        self.protected, unprotected, self.payload, self.signatures = tagged.value
        self.header = canonical(self.protected)
        if unprotected != {} or any(unprotected != {} for _, unprotected, _ in self.signatures):
            raise ValueError("an unprotected header is not empty")
        self.body = canonical(self.payload)
        self.headers = [canonical(protected) for protected, _, _ in self.signatures]

    def verify(self, keys):
        """Checks every signature with the keys by thumbprint, and the countersigned chain."""
        before = None
        for (protected, _, signature), header in zip(self.signatures, self.headers):
            if header.get(-65538) != before:
                raise InvalidSignature("countersigns another signature")
            before = hashlib.sha256(encode([protected, {}, signature])).digest()
            # RFC 9052 section 4.4, with an empty external_aad.
            signed = encode(["Signature", self.protected, protected, b"", self.payload])
            key = Ed25519PublicKey.from_public_bytes(keys[header[4]])
            key.verify(signature, signed)
