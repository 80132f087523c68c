"""Reads a published directory: `directory.py DIR POLICY [PROOF ENTRY RECORD]`.

Checks the checkpoint with both of the log's keys and every witness's, every tile, every entry and record,
every signature, the custody index after every entry, and an inclusion path for every entry; and the
receipt, if there is one.
"""

import hashlib
import struct
import sys
from pathlib import Path

import cose
import note
import tree


def verify_checkpoint(checkpoint, policy):
    """Both lines of the log, and those of its witnesses that are there. Returns how many there are."""
    logs, witnesses = policy
    own = [key for key in logs if key.name == checkpoint.origin]
    assert sorted(key.algorithm for key in own) == [note.ED25519, note.MLDSA44]
    for key in own:
        checkpoint.verify(key)
    known = [key for key in witnesses if (key.name, key.id) in checkpoint.lines]
    for key in known:
        assert checkpoint.verify(key) is not None
    return len(known)


def verify_tiles(tiles, leaves):
    """Every tile holds the hashes of the subtrees under it."""
    level = 0
    while len(leaves) >> level:
        nodes = len(leaves) >> level
        for index in range((nodes + 255) // 256):
            tile = tiles.path(f"tile/{level // 8}", index, nodes).read_bytes()
            first = 256 * index
            for at in range(min(256, nodes - first)):
                under = leaves[(first + at) << level:(first + at + 1) << level]
                assert tile[32 * at:32 * at + 32] == tree.root_hash(under), (level, index, at)
        level += 8


def verify_records(entries, records):
    """Entries, records, signatures, chains and index roots. Returns the number of signatures."""
    genesis = hashlib.sha256(entries[0]).digest()
    keys, heads, accepted, signatures = {}, {}, 0, 0
    for position, (entry, record) in enumerate(zip(entries, records)):
        version, accepted_ms, root, digest = cose.canonical(entry)
        assert len(entry) == 79 and version == 1 and accepted_ms >= accepted, position
        assert hashlib.sha256(record).digest() == digest, position
        accepted = accepted_ms
        message = cose.Message(record)
        assert message.header.get(-65540) == (genesis if position else None), position
        learn(keys, message.body)
        message.verify(keys)
        signatures += len(message.signatures)
        for subject, seq, prev in message.body["subjects"]:
            key = hashlib.sha256(subject.encode()).digest()
            length, newest = struct.unpack(">Q32s", heads[key]) if key in heads else (0, None)
            assert (seq, prev) == (length, newest), (position, subject)
            heads[key] = struct.pack(">Q", seq + 1) + digest
        assert tree.index_root(heads) == root, position
    return signatures


def learn(keys, value):
    """Takes in every COSE_Key of a payload, wherever it stands."""
    if isinstance(value, dict):
        if set(value) == {1, -1, -2}:
            keys[cose.thumbprint(value[-2])] = value[-2]
        for part in value.values():
            learn(keys, part)
    elif isinstance(value, list):
        for part in value:
            learn(keys, part)


def verify_receipt(proof, entry, record, policy):
    index, path, checkpoint = tree.read_proof(proof)
    checkpoint = note.Checkpoint(checkpoint)
    verify_checkpoint(checkpoint, policy)
    leaf = tree.leaf_hash(entry)
    assert tree.root_from_path(index, checkpoint.size, leaf, path) == checkpoint.root
    assert cose.canonical(entry)[3] == hashlib.sha256(record).digest()


def main(directory, policy, *receipt):
    policy = note.keys_of_policy(Path(policy).read_text())
    directory = Path(directory)
    checkpoint = note.Checkpoint((directory / "checkpoint").read_bytes())
    witnesses = verify_checkpoint(checkpoint, policy)
    tiles = tree.Tiles(directory, checkpoint.size)
    entries = tiles.bundles("tile/entries", 2)
    leaves = [tree.leaf_hash(entry) for entry in entries]
    assert tree.root_hash(leaves) == checkpoint.root
    verify_tiles(tiles, leaves)
    for index, leaf in enumerate(leaves):
        path = tiles.inclusion_path(index)
        assert tree.root_from_path(index, checkpoint.size, leaf, path) == checkpoint.root, index
    signatures = verify_records(entries, tiles.bundles("records", 4))
    if receipt:
        verify_receipt(*(Path(file).read_bytes() for file in receipt), policy)
    print(f"ok: {checkpoint.size} entries, {signatures} signatures, {witnesses} witnesses, "
          f"{'a receipt' if receipt else 'no receipt'}")


main(*sys.argv[1:])
