"""The history of all keys and things in an exhibit: SPEC, Verifying an exhibit, steps 4 and 7."""

from . import cose, ids, keys, standings
from .policy import Held
from .record import read as read_record
from .refused import Refused, require

KEY_CODES = {
    "custody/key-not-enrolled",
    "custody/key-ended",
    "custody/key-enrolled-twice",
    "custody/role-not-granted",
    "custody/not-its-agency",
    "custody/quorum",
}
TWO_SIDED = ("handoff", "release", "check-out", "check-in", "succession")
LINES = ("signatures", "key-standing", "custody-rules", "both-sides-signed")


def history(case):
    if case.genesis is None:
        case.report.fails("custody-rules", "custody/genesis-place")
        return
    if not ids.is_origin(case.checkpoint.origin):
        case.report.fails("signatures", "id/origin")
        return
    for placed in case.placed:
        try:
            line = "signatures"
            check_ledger(case, placed.record)
            check_signatures(case, placed.record)
            line = "custody-rules"
            check_seen(case, placed)
            case.state.apply(placed.index, placed.record)
        except Refused as refused:
            if refused.code in KEY_CODES:
                line = "key-standing"
            case.report.fails(line, refused.code)
            for other in LINES:
                if other != line:
                    case.report.not_checked(other, "history/stopped")
            return
    case.gone_through = True
    for line in LINES[:3]:
        case.report.passes(line)
    both_sides(case)


def both_sides(case):
    records = [placed.record for chain in case.custody_chains() for placed in chain]
    if any(is_one_sided(record) for record in records):
        case.report.passes("both-sides-signed", "handoffs/one-side-only")
    elif any(record.type in TWO_SIDED for record in records):
        case.report.passes("both-sides-signed")
    else:
        case.report.not_applicable("both-sides-signed")


def is_one_sided(record):
    by_agency = record.type == "succession" and bool(record.signed_by(cose.AUTHORITY))
    return by_agency or record.type in ("handoff-external", "return-to-owner")


def check_ledger(case, record):
    require(record.message.aud == case.checkpoint.origin, "record/other-ledger")
    require(record.message.genesis in (None, case.genesis), "record/other-genesis")


def check_signatures(case, record):
    brought = {keys.kid(key): key for key in record.new_keys()}
    for signature in record.message.signatures:
        key = brought.get(signature.kid)
        if key is None:
            enrolled = case.state.keys.get(signature.kid)
            require(enrolled is not None, "record/unknown-key")
            key = enrolled.key
        require(record.message.verifies(signature, key), "cose/signature")


def check_seen(case, placed):
    if placed.record.payload.seen is not None:
        size, root = placed.record.payload.seen
        require(size <= placed.index, "seen/future")
        for other, held in case.others:
            if isinstance(held, Held) and (other.origin, other.size) == (case.checkpoint.origin, size):
                require(other.root == root, "seen/unknown-head")


def compromised(case):
    for placed in case.placed:
        for signature in signatures_in(placed.record):
            key = case.state.keys.get(signature.kid)
            if key is None or key.ended != standings.COMPROMISED:
                continue
            if not seen_before(case, placed.index, key.since) and "key-standing" in case.report.lines:
                case.report.not_checked("key-standing", "key-standing/compromised")


def signatures_in(record):
    """The signatures of a record, and those of the record that it embeds."""
    signatures = list(record.message.signatures)
    if record.type == "late-entry":
        try:
            signatures += read_record(record.body["record"]).message.signatures
        except Refused:
            pass
    return signatures


def seen_before(case, index, since):
    """Whether witnesses who are enough saw an entry before a time."""
    saw = {
        name
        for size, times in case.seen_by_witnesses
        if size > index
        for name, time in times.items()
        if 0 < time < since
    }
    return bool(saw) and case.policy.are_enough(saw)
