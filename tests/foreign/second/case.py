"""What is at hand while an exhibit is verified."""

from dataclasses import dataclass, field
from hashlib import sha256

from . import ids
from .exhibit import Exhibit
from .policy import Held, Policy
from .pins import Pins
from .refused import Refused
from .report import Report
from .rules import State


@dataclass
class Case:
    report: Report
    exhibit: Exhibit
    policy: Policy
    pins: Pins | None
    others: list  # pairs of a checkpoint and what `hold` gives for it
    evidence: list  # for each file the set of its digests
    at: int | None

    held: Held | None = None  # what the exhibit's own checkpoint says, if the policy takes it
    gone_through: bool = False  # whether all records passed step 4
    seen_by_witnesses: list = field(default_factory=list)  # pairs of size and times

    def __post_init__(self):
        self.contents, self.manifest = self.exhibit.contents, self.exhibit.manifest
        self.checkpoint, self.placed = self.contents.checkpoint, self.contents.records
        self.records = {placed.index: placed.record for placed in self.placed}
        self.chains = {}
        for placed in self.placed:
            for subject in placed.record.ids():
                self.chains.setdefault(subject, []).append(placed)
        first = self.placed[0]
        self.genesis = sha256(first.entry()).digest() if first.index == 0 else None
        self.lineage, self.siblings = [], set()
        self._find_lineage(self.contents.item)
        self.state = State(self.contents.subjects)

    def chain(self, subject):
        """The records here that extend a subject."""
        return self.chains.get(subject, [])

    def _find_lineage(self, item):
        """The item, what it was made from or packed in, and so on; and the other parts of each split."""
        found = [item]
        while found:
            item = found.pop()
            if item in self.lineage:
                continue
            self.lineage.append(item)
            for record in (placed.record for placed in self.chain(item)):
                forebear = record.body.get("container" if record.type == "pack" else "parent", item)
                if record.type in ("derive", "split", "pack") and forebear != item:
                    found.append(forebear)
                    self.siblings |= {part for part, _ in record.body.get("parts", []) if part != item}

    def custody_chains(self):
        return [self.chain(item) for item in self.lineage]

    def notes_chains(self):
        return [self.chain(ids.notes_of(item)) for item in self.lineage]

    def release_of(self, record):
        """The `release` here that a `receive` answers."""
        releases = (one for one in self.records.values() if one.type == "release")
        answered = record.body["release"] if record.type == "receive" else None
        return next((release for release in releases if release.digest == answered), None)

    def check(self, line, what):
        """A line that passes, with the code that is returned, unless the check is refused."""
        try:
            self.report.passes(line, what(self) or "ok")
        except Refused as refused:
            self.report.fails(line, refused.code)


def hold(policy, checkpoint):
    """What a checkpoint says that the policy takes, or the code with which it is refused."""
    try:
        return policy.hold(checkpoint)
    except Refused as refused:
        return refused.code
