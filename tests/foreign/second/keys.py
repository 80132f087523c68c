"""Ed25519 keys and signatures: SPEC, Keys.

The points are decoded here in plain integers, for what a library leaves open. The library is asked for the equation alone.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import cbor
from .refused import Refused, require

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def decode_point(encoded):
    """The affine point of 32 bytes, or None. The caller has looked at whether y is canonical."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_1 % P
    if v * x * x % P != u:
        return None
    return ((P - x) % P if x & 1 != sign else x), y % P


def _double(point):
    x, y = point
    slope = D * x * x * y * y % P
    return 2 * x * y * pow(1 + slope, -1, P) % P, (y * y + x * x) * pow(1 - slope, -1, P) % P


def is_small_order(point):
    for _ in range(3):
        point = _double(point)
    return point == (0, 1)


def is_canonical(encoded):
    return int.from_bytes(encoded, "little") & (1 << 255) - 1 < P


def check_key(key):
    require(is_canonical(key), "ed25519/key-not-canonical")
    point = decode_point(key)
    require(point is not None, "ed25519/key-not-on-curve")
    require(not is_small_order(point), "ed25519/key-small-order")
    return key


def verifies(key, signature, message):
    """Whether the signature verifies strictly."""
    try:
        check_key(key)
    except Refused:
        return False
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
        return False
    r = decode_point(signature[:32])
    if not is_canonical(signature[:32]) or r is None or is_small_order(r):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def cose_key(value):
    """A key in a body."""
    pairs = cbor.mapping(value, 3, 3)
    for (label, item), (wanted, number) in zip(pairs, ((1, 1), (-1, 6), (-2, None))):
        cbor.integer(label, wanted, wanted)
        if number is not None:
            cbor.integer(item, number, number)
    return check_key(cbor.bstr(pairs[2][1], 32, 32))


def kid(key):
    return sha256(cbor.encode(cbor.Map([(1, 1), (-1, 6), (-2, key)]))).digest()
