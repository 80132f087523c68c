"""Policies: SPEC, Policy."""

from dataclasses import dataclass, field

from . import note, numbers
from .refused import Refused, require

MAX_POLICY = 262_144
MAX_LINES = 64
ITEMS = {b"log": (2, 3), b"witness": (3, 4), b"group": (4, 1 << 32), b"quorum": (2, 2)}
MIRROR = "/custody-mirror"


@dataclass
class Held:
    """What a checkpoint says that the policy takes: the log's time, the times of witnesses by name, whether they are enough."""

    log_time: int
    times: dict
    quorum: bool
    attested: bool


@dataclass
class Policy:
    logs: dict = field(default_factory=dict)  # origin: {algorithm: key}
    witnesses: dict = field(default_factory=dict)  # name: key
    groups: dict = field(default_factory=dict)  # name: (threshold, members)
    quorum: bytes | None = None

    def hold(self, checkpoint):
        require(checkpoint.origin in self.logs, "policy/unknown-log")
        own = self.logs[checkpoint.origin]
        log_time = 0
        for algorithm, name in ((note.LOG_ED25519, "ed25519"), (note.MLDSA, "mldsa")):
            line = checkpoint.note.line_of(own[algorithm])
            require(line is not None, f"checkpoint/log-{name}-missing")
            try:
                log_time = own[algorithm].check(line.blob, checkpoint)
            except Refused:
                raise Refused(f"checkpoint/log-{name}-invalid") from None
        for origin, others in self.logs.items():
            if origin != checkpoint.origin:
                for key in others.values():
                    self._check(checkpoint, key, "policy/other-log-invalid")
        times = {}
        for name, key in self.witnesses.items():
            time = self._check(checkpoint, key, "policy/witness-invalid")
            if time is not None:
                times[name] = time
        attested = any(self.witnesses[name].name.endswith(MIRROR) for name in times)
        return Held(log_time, times, self._met(self.quorum, times), attested)

    @staticmethod
    def _check(checkpoint, key, code):
        line = checkpoint.note.line_of(key)
        if line is None:
            return None
        try:
            return key.check(line.blob, checkpoint)
        except Refused:
            raise Refused(code) from None

    def are_enough(self, witnesses):
        """Whether these witnesses meet the quorum by themselves."""
        return self._met(self.quorum, witnesses)

    def _met(self, name, cosigned):
        if name == b"none" or name in cosigned:
            return True
        if name not in self.groups:
            return False
        threshold, members = self.groups[name]
        return sum(self._met(member, cosigned) for member in members) >= threshold


def read(data):
    require(len(data) <= MAX_POLICY, "policy/too-long")
    for byte in data:
        require(byte in (0x09, 0x0A) or 0x20 <= byte and byte != 0x7F, "policy/control-character")
    require(not data or data.endswith(b"\n"), "policy/truncated")
    reader = _Reader()
    for line in data.split(b"\n")[:-1]:
        items = line.replace(b"\t", b" ").split(b" ")
        items = [item for item in items if item]
        if items and not items[0].startswith(b"#"):
            reader.line(items)
    return reader.end()


class _Reader:
    def __init__(self):
        self.policy = Policy()
        self.counts = dict.fromkeys(ITEMS, 0)
        self.keys = {b"log": [], b"witness": []}
        self.members = set()

    def line(self, items):
        keyword = items[0]
        require(keyword in ITEMS, "policy/keyword")
        least, most = ITEMS[keyword]
        require(least <= len(items) <= most, "policy/item-count")
        self.counts[keyword] += 1
        require(keyword == b"quorum" or self.counts[keyword] <= MAX_LINES, "policy/too-many-lines")
        {b"log": self.log, b"witness": self.witness, b"group": self.group, b"quorum": self.quorum}[keyword](items)

    def log(self, items):
        key = self.key(b"log", b"witness", items[1], (note.LOG_ED25519, note.MLDSA))
        log = self.policy.logs.setdefault(key.name, {})
        require(key.algorithm not in log, "policy/log-key-repeated")
        log[key.algorithm] = key

    def witness(self, items):
        key = self.key(b"witness", b"log", items[2], (note.WITNESS_ED25519, note.MLDSA))
        self.define(items[1])
        self.policy.witnesses[items[1]] = key

    def key(self, kind, other, spelled, algorithms):
        key = note.read_vkey(spelled)
        require(key.algorithm in algorithms, "policy/algorithm")
        for theirs in self.keys[other]:
            require(key.key != theirs.key and key.name != theirs.name, "policy/log-as-witness")
        for earlier in self.keys[kind]:
            require(key.key != earlier.key, "policy/duplicate-key")
        for earlier in self.keys[kind]:
            require((key.name, key.key_id) != (earlier.name, earlier.key_id), "policy/duplicate-key-id")
        self.keys[kind].append(key)
        return key

    def group(self, items):
        name, spelled, members = items[1], items[2], items[3:]
        if spelled == b"all":
            threshold = len(members)
        elif spelled == b"any":
            threshold = 1
        else:
            threshold = numbers.decimal(spelled.decode("latin-1"))
            require(threshold is not None and 1 <= threshold <= len(members), "policy/threshold")
        for member in members:
            require(member != b"none", "policy/reserved-name")
            require(self.is_defined(member), "policy/undefined-name")
            require(member not in self.members, "policy/member-repeated")
            self.members.add(member)
        self.define(name)
        self.policy.groups[name] = (threshold, members)

    def quorum(self, items):
        require(self.policy.quorum is None, "policy/quorum-repeated")
        require(items[1] == b"none" or self.is_defined(items[1]), "policy/undefined-name")
        self.policy.quorum = items[1]

    def is_defined(self, name):
        return name in self.policy.witnesses or name in self.policy.groups

    def define(self, name):
        require(name != b"none", "policy/reserved-name")
        require(not self.is_defined(name), "policy/duplicate-name")

    def end(self):
        require(self.policy.quorum is not None, "policy/quorum-missing")
        require(all(len(log) == 2 for log in self.policy.logs.values()), "policy/log-key-missing")
        require(self.policy.logs, "policy/no-log")
        return self.policy
