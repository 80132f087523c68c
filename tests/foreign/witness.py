"""Asks a mirror for cosignatures as any C2SP log would: `witness.py URL POLICY CHECKPOINT`.

Says what it does not know, is told the size (409), asks for that, and verifies the lines that come back
(200) with every witness's key of the policy. Nothing of ours makes or reads the request.
"""

import sys
import urllib.error
import urllib.request
from pathlib import Path

import note


def ask(url, body):
    """Status, content type and body of an answer to `add-checkpoint`."""
    request = urllib.request.Request(url + "/add-checkpoint", data=body, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read()


def main(url, policy, checkpoint):
    logs, witnesses = note.keys_of_policy(Path(policy).read_text())
    signed = Path(checkpoint).read_bytes()
    head = note.Checkpoint(signed)
    status, kind, body = ask(url, b"old 0\n\n" + signed)
    assert (status, kind) == (409, "text/x.tlog.size"), (status, kind, body)
    assert body == f"{head.size}\n".encode(), body
    status, _, lines = ask(url, b"old " + body + b"\n" + signed)
    assert status == 200, (status, lines)
    cosigned = note.Checkpoint(signed + lines)
    assert cosigned.text == head.text
    assert len(cosigned.lines) == len(logs) + len(witnesses)
    for key in logs:
        cosigned.verify(key)
    times = [cosigned.verify(key) for key in witnesses]
    assert all(times) and {key.algorithm for key in witnesses} == {note.COSIGNATURE, note.MLDSA44}
    # That it sees anything at all: another head has not these lines.
    other = note.Checkpoint(signed.replace(f"\n{head.size}\n".encode(), b"\n1\n", 1) + lines)
    for key in witnesses:
        try:
            other.verify(key)
        except Exception:
            continue
        raise AssertionError("a cosignature of another head")
    print(f"ok: {len(times)} cosignatures over {head.size} entries")


main(*sys.argv[1:])
