"""Pins: SPEC, Pins."""

import re
from dataclasses import dataclass, field

from . import ids
from .refused import Refused, require

MAX_PINS = 65_536
GENESIS = re.compile("genesis ([0-9a-f]{64})")
PIN = re.compile(f"(agency:{ids.UUID}) ([0-9a-f]{{64}})")


@dataclass
class Pins:
    genesis: bytes
    agencies: dict = field(default_factory=dict)  # agency: kids, in their order


def read(data):
    require(len(data) <= MAX_PINS, "pins/oversize")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Refused("pins/line") from None
    if lines[-1] == "":
        lines.pop()
    first = GENESIS.fullmatch(lines[0]) if lines else None
    require(first, "pins/genesis")
    pins = Pins(bytes.fromhex(first[1]))
    for line in lines[1:]:
        match = PIN.fullmatch(line)
        require(match, "pins/line")
        kids = pins.agencies.setdefault(match[1], [])
        require(bytes.fromhex(match[2]) not in kids, "pins/duplicate")
        kids.append(bytes.fromhex(match[2]))
    return pins
