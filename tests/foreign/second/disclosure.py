"""What an exhibit shows and tells: SPEC, Verifying an exhibit, steps 10, 11, 14 and 15."""

from . import bodies, ids
from .refused import require

NOTEWORTHY = ("refuse", "recall", "correct", "late-entry", "discrepancy")
NOTEWORTHY += ("dispute", "dispute-response", "dispute-resolution")


def redactions(case):
    opened = set()
    for opening in case.contents.openings:
        require(opening.index in case.records, "opening/no-such-record")
        opening.check(case.records[opening.index])
        opened.add((opening.index, opening.field))
    sealed = {(at, name) for at, record in case.records.items() for name in record.commitments()}
    withheld = set(case.manifest.withheld)
    require(withheld <= sealed - opened, "redactions/not-withheld")
    check_erased(case)
    require(sealed == opened | withheld, "redactions/unlisted")
    return "redactions/withheld" if withheld else None


def check_erased(case):
    """What is withheld as erased, an `erase-opening` names."""
    records = [placed.record for chain in case.notes_chains() for placed in chain]
    erased = {field for record in records if record.type == "erase-opening" for field in record.body["fields"]}
    history = {placed.index for chain in lineage_chains(case) for placed in chain}
    for (index, name), reason in case.manifest.withheld.items():
        if reason == "erased" and index in history:
            require((case.records[index].digest, name) in erased, "redactions/erased-unrecorded")


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
        if record.type in bodies.WITH_DIGESTS:
            (own if begins(record, case.contents.item) else others).update(record.body["digests"] or [])
    for opening in case.contents.openings:
        if opening.index in history:
            record = case.records[opening.index]
            is_own = opening.field == "digests" and begins(record, case.contents.item)
            (own if is_own else others).update(opening.digests(record))
    return own, others


def begins(record, item):
    """Whether a record is the one that began the item."""
    return record.type in bodies.WITH_DIGESTS and item in record.ids() and item != record.body.get("parent")


def lineage_chains(case):
    """The custody chains of the lineage, and what is said about its items."""
    return case.custody_chains() + case.notes_chains()


def continuity(case):
    for code, applies in CONTINUITY:
        if any(applies(case, chain) for chain in case.custody_chains()):
            case.report.passes("continuity", code)
            return
    case.report.passes("continuity")


def overlaps(case, chain):
    claimed = [placed.record.payload.occurred for placed in chain]
    return any(after < before for before, after in zip(claimed, claimed[1:]))


def claims_later(case, chain):
    return any(placed.record.payload.occurred > placed.accepted_ms // 1000 for placed in chain)


def is_overdue(case, chain):
    for record in (placed.record for placed in chain):
        release = case.release_of(record)
        expected = release.body["expected"] if release is not None else None
        if expected is not None and record.payload.occurred > expected:
            return True
    return False


def is_asserted(case, chain):
    return any(placed.record.type == "register-legacy" for placed in chain)


CONTINUITY = (
    ("continuity/overlap", overlaps),
    ("continuity/claimed-later-than-recorded", claims_later),
    ("continuity/overdue", is_overdue),
    ("continuity/asserted", is_asserted),
)


def disputes(case):
    history = [placed for chain in lineage_chains(case) for placed in chain]
    if any(is_noteworthy(case, placed.record) or is_under_hold(case, placed) for placed in history):
        case.report.passes("disputes", "disputes/recorded")
    else:
        case.report.passes("disputes")


def is_noteworthy(case, record):
    if has_outcome(case, record) or record.type in NOTEWORTHY:
        return True
    body = record.body
    if record.type == "receive":
        release = case.release_of(record)
        return release is not None and record.payload.to != release.payload.to
    return (
        record.type == "seal-check"
        and body["outcome"] != "intact"
        or record.type == "seal-break"
        and body["reason"] == "accident"
        or record.type == "verify-digest"
        and body["outcome"] == "mismatch"
        or record.type == "carrier-scan"
        and body["event"] in ("delayed", "exception")
    )


def is_under_hold(case, placed):
    """Whether something is taken from what must be kept."""
    record = placed.record
    if record.type not in ("split", "consume"):
        return False
    item = record.body["parent"] if record.type == "split" else record.ids()[0]
    holds = set()
    for said in (said for said in case.chain(ids.notes_of(item)) if said.index < placed.index):
        if said.record.type == "hold-set":
            holds.add(said.record.digest)
        elif said.record.type == "hold-release":
            holds.discard(said.record.body["hold"])
    return bool(holds)


def has_outcome(case, record):
    """Whether somebody found something about an item of the lineage."""
    found = [position for signature in record.message.signatures for position, _ in signature.outcomes]
    found += [position for position, _ in record.body.get("outcomes") or []]
    histories = {name for item in case.lineage for name in (item, ids.notes_of(item))}
    return any(record.subjects[position].subject in histories for position in found)


def handling_codes(case):
    line, carried = "handling-codes", set(case.contents.handling)
    for chain in case.notes_chains():
        said = [placed.record.body["codes"] for placed in chain if placed.record.type == "handling"]
        if said and not carried.issuperset(said[-1]):
            case.report.fails(line, "handling/not-carried")
            return
    if carried:
        case.report.passes(line)
    else:
        case.report.not_applicable(line)
