"""What schemathesis cannot know of the API: how its bytes travel, and what they may be.

Offer files are made of real ones that the test leaves in the folder `CUSTODY_OFFERS`: as they are, cut, with a bit
flipped, two of them mixed; and of bytes that are nothing.
"""

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st
from hypothesis.internal import lambda_sources

OFFER = "application/vnd.custody-ledger.offer+cbor"
OFFERS = "application/vnd.custody-ledger.offers+cbor"


def offers():
    files = sorted(Path(os.environ["CUSTODY_OFFERS"]).glob("*.offer"))
    whole = st.sampled_from([path.read_bytes() for path in files])
    cut = st.builds(lambda offer, at: offer[: at % (len(offer) + 1)], whole, st.integers(0, 1 << 20))
    mixed = st.builds(
        lambda one, other, at: one[: at % len(one)] + other[at % len(other) :], whole, whole, st.integers(0, 1 << 20)
    )
    return st.one_of(whole, cut, st.builds(flip, whole, st.integers(0, 1 << 24)), mixed, st.binary(max_size=4096))


def flip(offer, bit):
    at = bit // 8 % len(offer)
    return offer[:at] + bytes([offer[at] ^ 1 << bit % 8]) + offer[at + 1 :]


def array(files):
    return bytes([0x80 + len(files)]) + b"".join(byte_string(file) for file in files)


def byte_string(text):
    length = len(text)
    if length < 24:
        return bytes([0x40 + length]) + text
    return (bytes([0x58, length]) if length < 256 else b"\x59" + length.to_bytes(2, "big")) + text


# How a function is spelled is only for messages, and Python 3.11 fails to parse a file deep in a recursion.
lambda_sources.lambda_description = lambda function: function.__qualname__

schemathesis.serializer.alias(OFFER, "application/octet-stream")
schemathesis.openapi.media_type(OFFER, offers())
schemathesis.serializer.alias(OFFERS, "application/octet-stream")
schemathesis.openapi.media_type(OFFERS, st.one_of(st.lists(offers(), max_size=5).map(array), offers()))
