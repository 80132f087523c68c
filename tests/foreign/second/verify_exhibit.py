"""Verifying an exhibit: SPEC, Verifying an exhibit. The steps are in the order of the text."""

from . import cose, disclosure, exhibit, history, place, standings
from .case import Case, hold
from .policy import Held
from .refused import Refused, require
from .report import Report


def verify(data, policy, pins=None, others=(), evidence=(), at=None):
    """The report, and the exhibit if it could be read.

    `others` are checkpoints, `evidence` has for each file the set of its digests: pairs of algorithm and digest.
    """
    report = Report()
    try:
        read = exhibit.read(data)
    except Refused as refused:
        report.fails("format", refused.code)
        return report, None
    report.passes("format")
    others = [(other, hold(policy, other)) for other in others]
    case = Case(report, read, policy, pins, others, evidence, at)
    case.held = check_checkpoint(report, policy, case.checkpoint)
    log_keys(case)
    place.inclusion(case)
    history.history(case)
    case.check("completeness", place.completeness)
    place.consistency(case)
    history.compromised(case)
    case.check("manifest", manifest)
    agencies_pinned(case)
    case.check("redactions", disclosure.redactions)
    disclosure.evidence_files(case)
    check_witnesses(report, policy, case.held)
    check_freshness(report, case.held, at)
    disclosure.continuity(case)
    disclosure.disputes(case)
    disclosure.handling_codes(case)
    if any(placed.record.type == "anchor" for placed in case.placed):
        report.not_checked("timestamps", "timestamps/not-verified", required=False)
    else:
        report.not_applicable("timestamps")
    return report, read


def check_checkpoint(report, policy, checkpoint):
    """What the checkpoint says, or None if the policy does not take it."""
    held = hold(policy, checkpoint)
    if not isinstance(held, Held):
        report.fails("checkpoint", held)
        return None
    report.passes("checkpoint")
    return held


def check_witnesses(report, policy, held):
    if held is None:
        report.not_checked("witnesses", "witnesses/checkpoint-refused")
    elif policy.quorum == b"none":
        report.not_applicable("witnesses")
    elif held.quorum:
        report.passes("witnesses")
    else:
        report.fails("witnesses", "witnesses/quorum")


def check_freshness(report, held, at):
    if held is None:
        report.not_checked("freshness", "freshness/checkpoint-refused", required=False)
    elif held.log_time == 0:
        report.not_checked("freshness", "freshness/no-time", required=False)
    elif at is not None and at < held.log_time:
        report.not_checked("freshness", "freshness/in-the-future", required=False)
    else:
        report.passes("freshness")


def log_keys(case):
    first = case.placed[0]
    log = case.policy.logs.get(case.checkpoint.origin)
    if log is not None and first.index == 0 and first.record.type == "ledger-open":
        if first.record.body["log"] != (log[0x01].key, log[0x06].key):
            case.report.fails("checkpoint", "checkpoint/log-keys-differ")


def manifest(case):
    signed, message = case.manifest, case.manifest.message
    require(signed.contents == case.exhibit.contents_digest, "manifest/contents-differ")
    require(signed.item == case.contents.item, "manifest/item-differs")
    require([signature.role for signature in message.signatures] == [cose.ACTING], "manifest/signers")
    same = (message.aud, message.genesis) == (case.checkpoint.origin, case.genesis)
    require(same and case.genesis is not None, "manifest/other-ledger")
    exporter = case.state.standing(signed.exporter)
    require(exporter is not None, "manifest/exporter-unknown")
    require(cose.ACTING in exporter.roles, "manifest/role-not-granted")
    key = exporter.keys.get(message.signatures[0].kid)
    require(key is not None, "manifest/key-not-enrolled")
    require(key.ended is None, "manifest/key-ended")
    require(message.verifies(message.signatures[0], key.key), "manifest/signature")


def agencies_pinned(case):
    line, pins = "agencies-pinned", case.pins
    if pins is None:
        case.report.not_checked(line, "pins/none")
        return
    if pins.genesis != case.genesis:
        case.report.fails(line, "pins/genesis-differs")
        return
    if not case.gone_through:
        case.report.not_checked(line, "history/stopped")
        return
    people = {subject for placed in case.placed for _, subject in placed.record.signers}
    people.add(case.manifest.exporter)
    found = [case.state.standing(subject) for subject in people]
    agencies = {standing.agency for standing in found if isinstance(standing, standings.Custodian)}
    for agency in sorted(agencies):
        if agency not in pins.agencies:
            case.report.not_checked(line, "pins/not-pinned")
            return
        standing = case.state.standing(agency)
        for kid in pins.agencies[agency]:
            key = standing.keys.get(kid) if standing is not None else None
            if key is None or key.slot != "authority":
                case.report.fails(line, "pins/key-differs")
                return
            if key.ended == standings.COMPROMISED:
                case.report.not_checked(line, "pins/key-compromised")
                return
            kids = list(standing.keys)
            if any(standing.keys[later].by_others for later in kids[kids.index(kid) + 1 :]):
                case.report.not_checked(line, "pins/replaced-by-founders")
                return
    case.report.passes(line)
