"""What is at hand while an exhibit is verified."""

from dataclasses import dataclass, field
from hashlib import sha256

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
        self.lineage = self._find_lineage()
        self.state = State(self.contents.subjects)

    def chain(self, subject):
        """The records here that extend a subject."""
        return self.chains.get(subject, [])

    def _find_lineage(self):
        """The item, what it was derived from, and so on."""
        lineage, item = [], self.contents.item
        while item is not None and item not in lineage:
            lineage.append(item)
            derived = [placed.record for placed in self.chain(item) if placed.record.type == "derive"]
            parents = [record.body["parent"] for record in derived if record.body["parent"] != item]
            item = parents[0] if parents else None
        return lineage

    def custody_chains(self):
        return [self.chain(item) for item in self.lineage]

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
