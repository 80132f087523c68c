"""Base64 as the formats have it."""

import base64
import re

ALPHABET = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


def canonical(data):
    """The bytes of canonical, padded base64 (RFC 4648 section 4), or None."""
    decoded = in_any_spelling(data)
    return decoded if decoded is not None and encode(decoded) == data else None


def in_any_spelling(data):
    """The bytes of base64 with its padding or less, whatever the bits that it does not use, or None."""
    digits = data.rstrip(b"=")
    if not ALPHABET.fullmatch(data) or len(digits) % 4 == 1 or len(data) - len(digits) > -len(digits) % 4:
        return None
    return base64.b64decode(digits + b"=" * (-len(digits) % 4))


def encode(data):
    return base64.b64encode(data)
