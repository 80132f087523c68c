"""C2SP signed notes, checkpoints, cosignatures and policies, from their specifications alone."""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

ED25519, COSIGNATURE, MLDSA44 = 0x01, 0x04, 0x06


class Key:
    """A verifier key: name, id, algorithm and public key."""

    def __init__(self, text):
        self.name, key_id, material = text.split("+", 2)
        material = base64.b64decode(material, validate=True)
        self.algorithm, self.public = material[0], material[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        assert self.id.hex() == key_id, f"key id of {self.name}"


class Checkpoint:
    """A checkpoint with its signature lines by (name, key id)."""

    def __init__(self, data):
        text, lines = data.decode().rsplit("\n\n", 1)
        self.text = text + "\n"
        self.origin, size, root = text.split("\n")
        self.size, self.root = int(size), base64.b64decode(root, validate=True)
        assert str(self.size) == size and len(self.root) == 32
        self.lines = {}
        assert lines.endswith("\n")
        for line in lines[:-1].split("\n"):
            dash, name, blob = line.split(" ")
            blob = base64.b64decode(blob, validate=True)
            assert dash == "\u2014" and (name, blob[:4]) not in self.lines
            self.lines[name, blob[:4]] = blob[4:]

    def verify(self, key):
        """Checks the line of `key`; returns its time, or None for a line without. Raises if it is wrong."""
        blob = self.lines[key.name, key.id]
        if key.algorithm == ED25519:
            Ed25519PublicKey.from_public_bytes(key.public).verify(blob, self.text.encode())
            return None
        time, signature = struct.unpack(">Q", blob[:8])[0], blob[8:]
        if key.algorithm == COSIGNATURE:
            signed = f"cosignature/v1\ntime {time}\n{self.text}".encode()
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
        elif key.algorithm == MLDSA44:
            signed = b"subtree/v1\n\0" + short(key.name) + struct.pack(">Q", time)
            signed += short(self.origin) + struct.pack(">QQ", 0, self.size) + self.root
            MLDSA44PublicKey.from_public_bytes(key.public).verify(signature, signed)
        else:
            raise ValueError(f"algorithm {key.algorithm}")
        return time


def short(text):
    """A text of at most 255 bytes behind its length."""
    return bytes([len(text.encode())]) + text.encode()


def keys_of_policy(text):
    """The keys of the log, and those of the witnesses, of a C2SP policy file."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    logs = [Key(line[1]) for line in lines if line[0] == "log"]
    witnesses = [Key(line[2]) for line in lines if line[0] == "witness"]
    return logs, witnesses
