"""The command: see `python3 -m second --help`. Exit 0: verified, 1: rejected, 2: could not check, or no report."""

import argparse
import json
import sys
from pathlib import Path

from . import checkpoint, evidence, pins, policy, vectors, verify_exhibit, verify_receipt
from .refused import Refused

EXITS = {"verified": 0, "rejected": 1, "could-not-check": 2}


def main(arguments):
    given = parse(arguments)
    try:
        if given.command == "vectors":
            print(json.dumps(vectors.judge(given.directory), indent=1))
            return 0
        report, about = exhibit(given) if given.command == "exhibit" else receipt(given)
    except OSError as error:
        return stop(str(error))
    except Refused as refused:
        return stop(refused.code)
    verdict = report.verdict()
    print(json.dumps({"verdict": verdict, **about, "lines": report.as_json()}, indent=2))
    return EXITS[verdict]


def parse(arguments):
    parser = argparse.ArgumentParser(prog="second", description="A second verifier of Custody Ledger files.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("exhibit", "receipt"):
        command = commands.add_parser(name, help=f"verify {name} FILE, and print the report as JSON")
        command.add_argument("file", type=Path)
        command.add_argument("--policy", type=Path, required=True)
        command.add_argument("--agencies", type=Path)
        if name == "exhibit":
            command.add_argument("--evidence", type=Path, action="append", default=[])
            command.add_argument("--checkpoint", type=Path, action="append", default=[])
            command.add_argument("--at", type=vectors.seconds, help="the time at which you ask, as 2026-03-01T12:00:00Z")
        else:
            command.add_argument("--entry", type=Path, required=True)
            command.add_argument("--record", type=Path, required=True)
    command = commands.add_parser("vectors", help="judge every attack vector below DIRECTORY")
    command.add_argument("directory", type=Path)
    return parser.parse_args(arguments)


def exhibit(given):
    report, read = verify_exhibit.verify(
        given.file.read_bytes(),
        policy.read(given.policy.read_bytes()),
        read_pins(given),
        [checkpoint.read(path.read_bytes()) for path in given.checkpoint],
        list(evidence.digests_below(given.evidence)),
        given.at,
    )
    item = read.contents.item if read else None
    return report, about(read.contents.checkpoint if read else None) | {"item": item}


def receipt(given):
    report, read = verify_receipt.verify(
        given.file.read_bytes(),
        given.entry.read_bytes(),
        given.record.read_bytes(),
        policy.read(given.policy.read_bytes()),
        read_pins(given),
    )
    return report, about(read.checkpoint if read else None) | {"item": None}


def read_pins(given):
    return pins.read(given.agencies.read_bytes()) if given.agencies else None


def about(read):
    return {"origin": read.origin if read else None, "size": read.size if read else None}


def stop(why):
    print(f"error: {why}", file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
