"""Strict CBOR: SPEC, Encoding.

`decode` checks the whole encoding in one pass and returns it as Python values: int, bytes, str, bool, None, list, and Map.
Since there is one encoding for each value, `encode` gives back the bytes that were read.
"""

import unicodedata

from .refused import Refused, require

# Text is bound to this version. A newer Python would take characters that the format refuses.
if unicodedata.unidata_version != "14.0.0":
    raise SystemExit("the second verifier needs a Python with Unicode 14.0.0, as 3.11 has")

MAX_DEPTH = 16
MAX_PAIRS = 64

UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)

BIDI_CONTROL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Map(list):
    """The pairs of a map, in their order."""


def decode(data):
    value, end = _item(data, 0, 0)
    require(end == len(data), "cbor/trailing-bytes")
    return value


def _item(data, at, depth):
    major, info, argument, at = _head(data, at)
    if major == UINT:
        return argument, at
    if major == NINT:
        require(argument < 1 << 63, "cbor/out-of-range")
        return -1 - argument, at
    if major == BYTES or major == TEXT:
        end = at + argument
        require(end <= len(data), "cbor/truncated")
        value = data[at:end]
        return (value if major == BYTES else _text(value)), end
    if major == ARRAY or major == MAP:
        require(depth < MAX_DEPTH, "cbor/too-deep")
        return (_array if major == ARRAY else _map)(data, at, argument, depth + 1)
    if major == TAG:
        raise Refused("cbor/tag")
    if info in (25, 26, 27):
        raise Refused("cbor/float")
    if info == 20 or info == 21:
        return info == 21, at
    if info == 22:
        return None, at
    raise Refused("cbor/simple-value")


def _head(data, at):
    require(at < len(data), "cbor/truncated")
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        return major, info, info, at
    require(info != 31, "cbor/indefinite-length")
    require(info < 28, "cbor/reserved")
    width = 1 << (info - 24)
    require(at + width <= len(data), "cbor/truncated")
    argument = int.from_bytes(data[at : at + width], "big")
    if major != SIMPLE:
        smallest = 24 if width == 1 else 1 << (4 * width)
        require(argument >= smallest, "cbor/not-shortest")
    return major, info, argument, at + width


def _text(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("cbor/not-utf8") from None
    if not (text.isascii() and text.isprintable()):
        require(unicodedata.is_normalized("NFC", text), "cbor/text")
        for character in text:
            require(character == "\n" or unicodedata.category(character) not in ("Cc", "Cn"), "cbor/text")
            require(character not in BIDI_CONTROL, "cbor/text")
    return text


def _array(data, at, count, depth):
    items = []
    for _ in range(count):
        item, at = _item(data, at, depth)
        items.append(item)
    return items, at


def _map(data, at, count, depth):
    pairs = Map()
    before = None
    for _ in range(count):
        start = at
        key, at = _item(data, at, depth)
        encoded = data[start:at]
        if before is not None:
            require(encoded != before, "cbor/duplicate-key")
            require(encoded > before, "cbor/unsorted-keys")
        before = encoded
        value, at = _item(data, at, depth)
        pairs.append((key, value))
    return pairs, at


# Writing.


def encode(value):
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _write_head(UINT, value) if value >= 0 else _write_head(NINT, -1 - value)
    if isinstance(value, bytes):
        return _write_head(BYTES, len(value)) + value
    if isinstance(value, str):
        data = value.encode("utf-8")
        return _write_head(TEXT, len(data)) + data
    if isinstance(value, Map):
        return _write_head(MAP, len(value)) + b"".join(encode(key) + encode(item) for key, item in value)
    return _write_head(ARRAY, len(value)) + b"".join(encode(item) for item in value)


def _write_head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    raise ValueError("no such number")


# Reading values by their types.


def integer(value, low, high):
    require(isinstance(value, int) and not isinstance(value, bool), "cbor/unexpected-type")
    require(low <= value <= high, "cbor/out-of-range")
    return value


def uint(value, low=0, high=(1 << 64) - 1):
    """An integer that has no sign: a negative one is of another type."""
    integer(value, -(1 << 63), (1 << 64) - 1)
    require(value >= 0, "cbor/unexpected-type")
    return integer(value, low, high)


def label(value):
    """A label of a COSE header, or a number that has a sign."""
    return integer(value, -(1 << 63), (1 << 63) - 1)


def time(value):
    return uint(value, 0, 253402300799)


def bstr(value, low=0, high=None):
    require(isinstance(value, bytes), "cbor/unexpected-type")
    require(low <= len(value) and (high is None or len(value) <= high), "cbor/out-of-range")
    return value


def digest(value):
    return bstr(value, 32, 32)


def text(value, low=0, high=None):
    """Text of so many bytes."""
    require(isinstance(value, str), "cbor/unexpected-type")
    size = len(value.encode("utf-8"))
    require(low <= size and (high is None or size <= high), "cbor/out-of-range")
    return value


def word(value, words):
    require(text(value) in words, "cbor/out-of-range")
    return value


def array(value, low=0, high=None):
    """An array of so many items."""
    require(type(value) is list, "cbor/unexpected-type")
    require(low <= len(value) and (high is None or len(value) <= high), "cbor/out-of-range")
    return value


def mapping(value, low=0, high=MAX_PAIRS):
    require(isinstance(value, Map), "cbor/unexpected-type")
    require(low <= len(value) <= high, "cbor/out-of-range")
    return value


def is_empty_map(value):
    return isinstance(value, Map) and not value


def ascending(keys):
    """A list in its order, nothing in it twice."""
    for before, after in zip(keys, keys[1:]):
        require(before < after, "cbor/out-of-range")


class Fields:
    """A map with text keys, asked for its keys in the canonical order of the format."""

    def __init__(self, value):
        self._pairs = mapping(value)
        self._next = 0

    def may(self, key, read):
        """An optional key: its value as `read` takes it, else None."""
        if self._next < len(self._pairs) and text(self._pairs[self._next][0]) == key:
            self._next += 1
            return read(self._pairs[self._next - 1][1])
        return None

    def must(self, key, read):
        found = self._next
        value = self.may(key, read)
        require(self._next > found, "cbor/missing-key")
        return value

    def end(self):
        require(self._next == len(self._pairs), "cbor/unknown-key")
