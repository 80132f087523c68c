"""Judges every attack vector below a directory: `python3 -m second vectors DIR`.

Prints a JSON object: for each exhibit its verdict and lines, for each record its code. What the vectors want is not looked at;
who calls compares.
"""

import json
from datetime import datetime

from . import checkpoint, evidence, keys, pins, policy, record, verify_exhibit
from .refused import Refused, require


def judge(root):
    judged = {}
    for want in sorted(root.glob("exhibit/*/want.json")):
        for name, vector in json.loads(want.read_text("utf-8")).items():
            judged[str((want.parent / name).relative_to(root))] = exhibit(want.parent, name, vector)
    ledger = root / "record" / "ledger.json"
    known = Ledger(json.loads(ledger.read_text("utf-8"))) if ledger.exists() else None
    for want in sorted(root.glob("record/*/want.json")):
        for name in json.loads(want.read_text("utf-8")):
            code = known.judge((want.parent / name).read_bytes())
            judged[str((want.parent / name).relative_to(root))] = {"code": code}
    return judged


def exhibit(directory, name, vector):
    def file(key):
        return (directory / vector[key]).read_bytes()

    report, _ = verify_exhibit.verify(
        (directory / name).read_bytes(),
        policy.read(file("policy")),
        pins.read(file("agencies")) if vector.get("agencies") else None,
        [checkpoint.read((directory / other).read_bytes()) for other in vector.get("checkpoints", [])],
        list(evidence.digests_below([directory / path for path in vector.get("evidence", [])])),
        seconds(vector["at"]) if vector.get("at") else None,
    )
    return {"verdict": report.verdict(), "lines": report.as_json()}


def seconds(text):
    """Seconds since 1970 of a time in UTC, as 2026-03-01T12:00:00Z."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp())


class Ledger:
    """What a record is read against: an origin, a genesis, and keys that somebody has enrolled."""

    def __init__(self, ledger):
        self.origin, self.genesis = ledger["origin"], bytes.fromhex(ledger["genesis"])
        self.keys = by_kid(map(bytes.fromhex, ledger["keys"]))

    def judge(self, data):
        try:
            one = record.read(data)
            require(one.message.aud == self.origin, "record/other-ledger")
            require(one.message.genesis in (None, self.genesis), "record/other-genesis")
            known = self.keys | by_kid(one.new_keys())
            for signature in one.message.signatures:
                require(signature.kid in known, "record/unknown-key")
                require(one.message.verifies(signature, known[signature.kid]), "cose/signature")
        except Refused as refused:
            return refused.code
        return "ok"


def by_kid(several):
    return {keys.kid(key): key for key in several}
