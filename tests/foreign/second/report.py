"""Reports: SPEC, Report."""

PASS, FAIL, NOT_CHECKED, NOT_APPLICABLE = "pass", "fail", "not-checked", "not-applicable"
WORST_FIRST = (FAIL, NOT_CHECKED, PASS, NOT_APPLICABLE)

# What each line is about, in the order of the report.
LINES = {
    "format": "the file is what it should be, byte for byte",
    "checkpoint": "the checkpoint has both signatures of the log",
    "manifest": "the exporter's manifest covers the file",
    "evidence-files": "evidence files have the digests that were recorded",
    "signatures": "every signature verifies",
    "key-standing": "every key was entitled to sign",
    "agencies-pinned": "the keys are those that the reader pinned",
    "both-sides-signed": "every handoff has the signatures of both sides",
    "custody-rules": "every rule of custody holds",
    "continuity": "gaps and overlaps in the claimed times",
    "inclusion": "every record is in the log's tree",
    "consistency": "the tree is consistent with other checkpoints that the reader holds",
    "completeness": "no record of the item is missing up to the checkpoint",
    "freshness": "as of when the answer holds",
    "witnesses": "witnesses cosigned the checkpoint",
    "timestamps": "timestamps from outside",
    "redactions": "what is withheld",
    "handling-codes": "handling codes",
    "disputes": "open disputes, discrepancies and corrections",
}


class Report:
    def __init__(self):
        self.lines = {}  # id: (status, code)
        self.optional = set()

    def passes(self, line, code="ok"):
        self._add(line, PASS, code)

    def fails(self, line, code):
        self._add(line, FAIL, code)

    def not_checked(self, line, code, required=True):
        self._add(line, NOT_CHECKED, code)
        if not required:
            self.optional.add(line)

    def not_applicable(self, line):
        self._add(line, NOT_APPLICABLE, "nothing-to-check")

    def _add(self, line, status, code):
        before = self.lines.get(line)
        if before is None or WORST_FIRST.index(status) < WORST_FIRST.index(before[0]):
            self.lines[line] = (status, code)

    def verdict(self):
        if any(status == FAIL for status, _ in self.lines.values()):
            return "rejected"
        open_lines = [line for line, (status, _) in self.lines.items() if status == NOT_CHECKED]
        if not self.lines or any(line not in self.optional for line in open_lines):
            return "could-not-check"
        return "verified"

    def as_json(self):
        return [
            {"id": line, "status": self.lines[line][0], "code": self.lines[line][1], "text": text}
            for line, text in LINES.items()
            if line in self.lines
        ]
