"""Signed notes and verifier keys: SPEC, Checkpoint."""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from . import base64s, keys
from .refused import Refused, require

MAX_NOTE = 655_360
MAX_LINES = 64
MAX_VKEY = 2_017
MAX_NAME = 255
DASH = "\u2014 "
WHITE_SPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")

LOG_ED25519, WITNESS_ED25519, MLDSA = 0x01, 0x04, 0x06
KEY_SIZES = {LOG_ED25519: 32, WITNESS_ED25519: 32, MLDSA: 1312}
BLOB_SIZES = {LOG_ED25519: 64, WITNESS_ED25519: 8 + 64, MLDSA: 8 + 2420}
MAX_TIME = (1 << 63) - 1


def is_note_name(name):
    return name != "" and "+" not in name and not WHITE_SPACE.search(name)


def is_key_name(name):
    """The name of a log or witness."""
    short = len(name.encode("utf-8")) <= MAX_NAME
    return is_note_name(name) and short and not any(unicodedata.category(character) == "Cc" for character in name)


@dataclass
class Line:
    name: str
    key_id: bytes
    blob: bytes


@dataclass
class Note:
    text: str
    lines: list

    def line_of(self, key):
        for line in self.lines:
            if (line.name, line.key_id) == (key.name, key.key_id):
                return line
        return None


def read(data):
    require(len(data) <= MAX_NOTE, "note/too-long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note/not-utf8") from None
    require(not any(byte < 0x20 and byte != 0x0A for byte in data), "note/control-character")
    empty = whole.rfind("\n\n")
    require(empty >= 0 and empty + 2 < len(whole), "note/no-signatures")
    text, rest = whole[: empty + 1], whole[empty + 2 :]
    require(rest.endswith("\n"), "note/truncated")
    spelled = rest[:-1].split("\n")
    require(len(spelled) <= MAX_LINES, "note/too-many-signatures")
    lines, seen, canonical = [], set(), True
    for one in spelled:
        require(one.startswith(DASH) and " " in one[2:], "note/signature-line")
        name, encoded = one[2:].split(" ", 1)
        require(is_note_name(name), "note/key-name")
        encoded = encoded.encode("utf-8")
        decoded = base64s.in_any_spelling(encoded)
        require(decoded is not None, "note/base64")
        require(len(decoded) >= 5, "note/empty-signature")
        line = Line(name, decoded[:4], decoded[4:])
        require((line.name, line.key_id) not in seen, "note/duplicate-signature")
        seen.add((line.name, line.key_id))
        lines.append(line)
        canonical = canonical and base64s.encode(decoded) == encoded
    require(canonical, "note/not-canonical")
    return Note(text, lines)


@dataclass(frozen=True)
class VerifierKey:
    name: str
    key_id: bytes
    algorithm: int
    key: bytes

    def check(self, blob, checkpoint):
        """The time that the line states; 0 where it states none."""
        require(len(blob) == BLOB_SIZES[self.algorithm], "signature/length")
        text = checkpoint.note.text.encode("utf-8")
        if self.algorithm == LOG_ED25519:
            require(keys.verifies(self.key, blob, text), "signature/invalid")
            return 0
        time, signature = int.from_bytes(blob[:8], "big"), blob[8:]
        require(time <= MAX_TIME, "signature/time")
        if self.algorithm == WITNESS_ED25519:
            signed = b"cosignature/v1\ntime %d\n" % time + text
            require(keys.verifies(self.key, signature, signed), "signature/invalid")
            return time
        name, origin = self.name.encode("utf-8"), checkpoint.origin.encode("utf-8")
        signed = b"subtree/v1\n\0" + bytes([len(name)]) + name + blob[:8] + bytes([len(origin)]) + origin
        signed += bytes(8) + checkpoint.size.to_bytes(8, "big") + checkpoint.root
        try:
            MLDSA44PublicKey.from_public_bytes(self.key).verify(signature, signed)
        except (InvalidSignature, ValueError):
            raise Refused("signature/invalid") from None
        return time


def read_vkey(data):
    require(len(data) <= MAX_VKEY, "vkey/too-long")
    parts = data.split(b"+", 2)
    require(len(parts) == 3, "vkey/malformed")
    try:
        name = parts[0].decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("vkey/name") from None
    require(is_key_name(name), "vkey/name")
    require(re.fullmatch(b"[0-9a-f]{8}", parts[1]), "vkey/key-id-format")
    decoded = base64s.canonical(parts[2])
    require(decoded is not None, "vkey/base64")
    algorithm, key = (decoded[0] if decoded else None), decoded[1:]
    require(algorithm in KEY_SIZES, "vkey/algorithm")
    require(len(key) == KEY_SIZES[algorithm], "vkey/key-length")
    if algorithm != MLDSA:
        keys.check_key(key)
    key_id = sha256(parts[0] + b"\n" + decoded).digest()[:4]
    require(key_id.hex().encode() == parts[1], "vkey/key-id-mismatch")
    return VerifierKey(name, key_id, algorithm, key)
