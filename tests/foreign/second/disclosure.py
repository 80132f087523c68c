"""What an exhibit shows and tells: SPEC, Verifying an exhibit, steps 10, 11, 14 and 15."""

from . import ids
from .refused import require

NOTEWORTHY = ("refuse", "recall", "correct", "late-entry")


def redactions(case):
    opened = set()
    for opening in case.contents.openings:
        require(opening.index in case.records, "opening/no-such-record")
        opening.check(case.records[opening.index])
        opened.add((opening.index, opening.field))
    sealed = {(at, name) for at, record in case.records.items() for name in record.commitments()}
    withheld = set(case.manifest.withheld)
    require(withheld <= sealed - opened, "redactions/not-withheld")
    require(sealed == opened | withheld, "redactions/unlisted")
    return "redactions/withheld" if withheld else None


def evidence_files(case):
    line = "evidence-files"
    if not case.evidence:
        case.report.not_checked(line, "evidence/none", required=False)
        return
    own, others = recorded_digests(case)
    if not own | others:
        case.report.not_checked(line, "evidence/digests-withheld")
    elif not all((own | others) & digests for digests in case.evidence):
        case.report.fails(line, "evidence/no-match")
    elif any(own & digests for digests in case.evidence):
        case.report.passes(line)
    else:
        case.report.passes(line, "evidence/related-only")


def recorded_digests(case):
    """The digests of the item itself, and all others that records of its lineage show."""
    history = {placed.index for chain in lineage_chains(case) for placed in chain}
    own, others = set(), set()
    for index in history:
        record = case.records[index]
        if record.type in ("collect", "derive"):
            (own if begins(record, case.contents.item) else others).update(record.body["digests"] or [])
    for opening in case.contents.openings:
        if opening.index in history:
            record = case.records[opening.index]
            is_own = opening.field == "digests" and begins(record, case.contents.item)
            (own if is_own else others).update(opening.digests(record))
    return own, others


def begins(record, item):
    """Whether a `collect` or `derive` is the record that began the item."""
    return item in record.ids() and item != record.body.get("parent")


def lineage_chains(case):
    """The custody chains of the lineage, and what is said about its items."""
    return case.custody_chains() + [case.chain(ids.notes_of(item)) for item in case.lineage]


def continuity(case):
    overlap = later = False
    for chain in case.custody_chains():
        claimed = [placed.record.payload.occurred for placed in chain]
        overlap |= any(after < before for before, after in zip(claimed, claimed[1:]))
        later |= any(utc > placed.accepted_ms // 1000 for utc, placed in zip(claimed, chain))
    if overlap:
        case.report.passes("continuity", "continuity/overlap")
    elif later:
        case.report.passes("continuity", "continuity/claimed-later-than-recorded")
    else:
        case.report.passes("continuity")


def disputes(case):
    if any(is_noteworthy(case, placed.record) for chain in lineage_chains(case) for placed in chain):
        case.report.passes("disputes", "disputes/recorded")
    else:
        case.report.passes("disputes")


def is_noteworthy(case, record):
    about = [link.subject in case.lineage for link in record.subjects]
    if any(about[position] for signature in record.message.signatures for position, _ in signature.outcomes):
        return True
    outcome = record.body.get("outcome")
    if record.type == "seal-check":
        return outcome != "intact"
    if record.type == "verify-digest":
        return outcome == "mismatch"
    return record.type in NOTEWORTHY
