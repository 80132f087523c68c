"""A second verifier of Custody Ledger files, written from docs/SPEC.md alone.

It shares no code with the first one. Where both agree, the specification is enough to agree on.
"""
