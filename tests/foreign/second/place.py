"""The place of an exhibit's records in the log: SPEC, Verifying an exhibit, steps 3, 5 and 6."""

from . import cose, entry, ids, index, tree
from .policy import Held
from .refused import Refused, require


def inclusion(case):
    case.check("inclusion", check_inclusion)
    times = [placed.accepted_ms for placed in case.placed]
    try:
        times.append(entry.read(case.contents.tail).accepted_ms)
    except Refused:
        pass
    if any(later < earlier for earlier, later in zip(times, times[1:])):
        case.report.fails("inclusion", "entry/accepted-decreases")
    check_accepted(case.report, case.held, times)


def check_accepted(report, held, times):
    """What is in a tree was accepted before the tree was signed, where the log says when that was."""
    if held is not None and held.log_time != 0 and any(time // 1000 > held.log_time for time in times):
        report.fails("inclusion", "entry/accepted-after-checkpoint")


def check_inclusion(case):
    size = case.checkpoint.size
    require(size > 0, "inclusion/empty-tree")
    leaves = [(placed.index, entry.leaf_hash(placed.entry())) for placed in case.placed]
    tail = entry.leaf_hash(case.contents.tail)
    if leaves[-1][0] == size - 1:
        require(leaves[-1][1] == tail, "inclusion/tail")
    else:
        leaves.append((size - 1, tail))
    tree.verify_multiproof(size, leaves, case.contents.proof, case.checkpoint.root)


def completeness(case):
    tail = entry.read(case.contents.tail)
    for subject, proof in case.contents.subjects.items():
        check_chain(case, subject, proof, tail.index_root)
    require(case.chain(case.contents.item), "completeness/no-such-item")
    for placed in case.placed:
        require(
            any(subject in case.contents.subjects for subject in placed.record.ids()),
            "completeness/stray-record",
        )
    require(needed(case) <= set(case.contents.subjects), "completeness/missing-subject")
    attested = case.held is not None and case.held.attested
    return "completeness/attested" if attested else "completeness/asserted"


def check_chain(case, subject, proof, index_root):
    head = None
    chain = case.chain(subject)
    for seq, placed in enumerate(chain):
        link = next(link for link in placed.record.subjects if link.subject == subject)
        require((link.seq, link.prev) == (seq, head), "completeness/chain-broken")
        head = placed.record.digest
    try:
        if chain:
            index.verify_present(index_root, index.key_of(subject), index.value_of(len(chain), head), proof)
        else:
            index.verify_absent(index_root, index.key_of(subject), proof)
    except Refused:
        raise Refused("completeness/chain-head") from None


def needed(case):
    """The subjects whose histories belong to the item's."""
    subjects = {subject for item in case.siblings.union(case.lineage) for subject in (item, ids.notes_of(item))}
    subjects.add(case.manifest.exporter)
    if case.genesis is not None:
        subjects.add("ledger:" + case.placed[0].record.message.aud)
    for placed in case.placed:
        subjects |= {subject for role, subject in placed.record.signers if role != cose.NEW_KEY}
        subjects |= {party for party in (placed.record.payload.giver, placed.record.payload.to) if party is not None}
        body = placed.record.body
        named = {body.get("request"), *(body.get("bound") or []), *(body.get("substitutes") or [])}
        if placed.record.type in ("authorise-onward", "request"):
            named.add(body["to"])
        elif placed.record.type == "custodian-enrol":
            named.add(body["agency"])
        subjects |= named - {None}
    return subjects


def consistency(case):
    if case.held is not None:
        case.seen_by_witnesses.append((case.checkpoint.size, case.held.times))
    if not case.others:
        case.report.not_checked("consistency", "consistency/none", required=False)
    for other, held in case.others:
        consistent_with(case, other, held)


def consistent_with(case, other, held):
    line, own = "consistency", case.checkpoint
    if not isinstance(held, Held):
        case.report.not_checked(line, held)
        return
    if other.origin != own.origin:
        case.report.not_checked(line, "consistency/other-log")
        return
    if other.size > own.size:
        case.report.not_checked(line, "consistency/exhibit-is-older")
        return
    if other.size == own.size:
        if other.root != own.root:
            case.report.fails(line, "consistency/fork")
            return
    elif other.size not in case.contents.consistency:
        case.report.not_checked(line, "consistency/no-proof")
        return
    else:
        proof = case.contents.consistency[other.size]
        try:
            tree.verify_consistency(other.size, other.root, own.size, own.root, proof)
        except Refused as refused:
            case.report.fails(line, refused.code)
            return
    case.report.passes(line)
    case.seen_by_witnesses.append((other.size, held.times))
