"""Verifying a receipt: SPEC, Verifying a receipt."""

from hashlib import sha256

from . import entry, place, receipt, record, tree
from .refused import Refused, require
from .report import Report
from .verify_exhibit import check_checkpoint, check_freshness, check_witnesses


def verify(receipt_data, entry_data, record_data, policy, pins=None):
    """The report, and the receipt if all three could be read."""
    report = Report()
    try:
        proof = receipt.read(receipt_data)
        logged = entry.read(entry_data)
        one = record.read(record_data)
    except Refused as refused:
        report.fails("format", refused.code)
        return report, None
    report.passes("format")
    checkpoint = proof.checkpoint
    held = check_checkpoint(report, policy, checkpoint)
    try:
        leaf = entry.leaf_hash(entry_data)
        tree.verify_inclusion(proof.index, checkpoint.size, leaf, proof.proof, checkpoint.root)
        require(logged.record == one.digest, "entry/other-record")
        require(one.message.aud == checkpoint.origin, "record/other-ledger")
        report.passes("inclusion")
    except Refused as refused:
        report.fails("inclusion", refused.code)
    place.check_accepted(report, held, [logged.accepted_ms])
    genesis = one.message.genesis or sha256(entry_data).digest()
    if pins is None:
        report.not_checked("agencies-pinned", "pins/none", required=False)
    elif pins.genesis != genesis:
        report.fails("agencies-pinned", "pins/genesis-differs")
    else:
        report.passes("agencies-pinned")
    check_witnesses(report, policy, held)
    check_freshness(report, held, None)
    for line in ("signatures", "key-standing", "custody-rules"):
        report.not_checked(line, "receipt/no-key-history", required=False)
    return report, proof
