"""What is known of each subject: SPEC, Rules, State."""

from dataclasses import dataclass, field

REPLACED, REVOKED, COMPROMISED = "replaced", "revoked", "compromised"

# Places of an item: pairs of one of these words and what it is about.
AT_HAND, STORED, CHECKED_OUT, PACKED, OUTSIDE = "at hand", "stored", "checked out", "packed", "outside"


@dataclass
class Key:
    key: bytes
    slot: str
    ended: str | None = None
    since: int | None = None
    by_others: bool = False  # enrolled by founders, without the agency whose key it is


@dataclass
class Ledger:
    quorum: int
    founders: set
    keys: dict  # kid: Key, the operator's
    successor: str | None = None


@dataclass
class Agency:
    keys: dict  # kid: Key, in the order in which they were enrolled


@dataclass
class Custodian:
    agency: str
    roles: list
    keys: dict  # kid: Key


@dataclass
class Release:
    digest: bytes
    to: str
    substitutes: list
    request: str | None = None


@dataclass
class Item:
    holder: str
    held: set = field(default_factory=set)
    release: Release | None = None
    quantity: int | None = None
    contents: int = 0
    bound: str | None = None  # the agency that it came from under a request
    place: tuple = (AT_HAND, None)
    ended: bool = False

    def is_at(self, place):
        return self.place[0] == place

    def pass_to(self, custodian):
        self.holder = custodian
        self.held.add(custodian)
        self.place = (AT_HAND, None)
        self.release = None


@dataclass
class Notes:
    holds: dict = field(default_factory=dict)  # digest: agency
    disputes: set = field(default_factory=set)
    permissions: dict = field(default_factory=dict)  # digest: agency, use, to which agency
    codes: list = field(default_factory=list)
    codes_of: str | None = None


@dataclass
class Request:
    requesting: str | None
    requested: str
    step: str
