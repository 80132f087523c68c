"""Digests of evidence files."""

import hashlib

ALGORITHMS = ((-16, "sha256"), (-44, "sha512"))


def digests_below(paths):
    """For each file at these paths or below them, its digests: pairs of COSE algorithm and digest."""
    for path in paths:
        files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)
        yield from map(digests_of, files)


def digests_of(path):
    digests = set()
    for algorithm, name in ALGORITHMS:
        with path.open("rb") as file:
            digests.add((algorithm, hashlib.file_digest(file, name).digest()))
    return digests
