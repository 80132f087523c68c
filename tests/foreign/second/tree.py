"""Proofs about the log's tree: SPEC, Tree and proofs."""

from hashlib import sha256

from .refused import require

EMPTY = sha256().digest()


def join(left, right):
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(index, size, leaf, proof, root):
    """RFC 9162 section 2.1.3.2."""
    require(index < size, "inclusion-index-out-of-range")
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        require(sn != 0, "inclusion-proof-length")
        if fn & 1 or fn == sn:
            node = join(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = join(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "inclusion-proof-length")
    require(node == root, "inclusion-root-mismatch")


def verify_consistency(old_size, old_root, new_size, new_root, proof):
    """RFC 9162 section 2.1.4.2."""
    require(old_size > 0, "consistency-old-tree-empty")
    require(old_size <= new_size, "consistency-tree-shrank")
    if old_size == new_size:
        require(old_root == new_root, "consistency-fork")
        require(not proof, "consistency-proof-length")
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    require(path, "consistency-proof-length")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for node in path[1:]:
        require(sn != 0, "consistency-proof-length")
        if fn & 1 or fn == sn:
            old, new = join(node, old), join(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = join(new, node)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "consistency-proof-length")
    require(old == old_root, "consistency-old-root-mismatch")
    require(new == new_root, "consistency-new-root-mismatch")


def verify_multiproof(size, leaves, proof, root):
    """`leaves` are pairs of index and leaf hash."""
    before = None
    for index, _ in leaves:
        require(index < size, "multiproof-index-out-of-range")
        require(before is None or index > before, "multiproof-order")
        before = index
    require(leaves, "multiproof-empty")
    known, width, used = list(leaves), size, 0
    while width > 1:
        parents, at = [], 0
        while at < len(known):
            index, node = known[at]
            at += 1
            if at < len(known) and known[at][0] == index ^ 1:
                node = join(node, known[at][1])
                at += 1
            elif index ^ 1 < width:
                require(used < len(proof), "multiproof-length")
                node = join(proof[used], node) if index & 1 else join(node, proof[used])
                used += 1
            parents.append((index >> 1, node))
        known, width = parents, (width + 1) >> 1
    require(used == len(proof), "multiproof-length")
    require(known[0][1] == root, "multiproof-root-mismatch")
