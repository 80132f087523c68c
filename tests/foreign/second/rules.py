"""What a record may do, given the records before it: SPEC, Rules.

Here is the evaluation. What a record does to the standings of its subjects is in registry, items, notes and requests.
"""

from dataclasses import dataclass, field

from . import cose, ids, items, notes, registry, requests
from .refused import require
from .standings import Agency, Custodian, Ledger

BY_FOUNDERS = ("agency-enrol", "policy", "operator-succession")
OF_KEYS = ("key-rotate", "key-revoke", "key-compromised")


@dataclass
class Chain:
    digests: list = field(default_factory=list)
    standing: object = None


class State:
    """The subjects that are held. One without records is absent; all others are unknown."""

    def __init__(self, held):
        self.chains = {subject: Chain() for subject in held}
        self.keys = {}  # every key that was enrolled for a subject, by its kid; none is ever taken away
        self.lost = []  # what is unknown from the next record on

    def standing(self, subject):
        return self.chains[subject].standing if subject in self.chains else None

    def known(self, subject):
        """The standing of a subject that a rule needs."""
        require(subject in self.chains, "custody/not-held")
        self.not_absent(subject)
        return self.chains[subject].standing

    def not_absent(self, subject):
        absent = subject in self.chains and self.chains[subject].standing is None
        require(not absent, "custody/no-such-subject")

    def agency_of(self, custodian):
        """None where the custodian is unknown."""
        self.not_absent(custodian)
        standing = self.standing(custodian)
        return standing.agency if standing is not None else None

    def apply(self, entry_index, one):
        """Judges a record and takes it in. A refused one may leave the state half changed: nothing is judged after it."""
        require((one.type == "ledger-open") == (entry_index == 0), "custody/genesis-place")
        ledger = self.standing("ledger:" + one.message.aud)
        require(ledger is None or ledger.successor is None, "custody/ledger-closed")
        for link in one.subjects:
            if link.subject in self.chains:
                digests = self.chains[link.subject].digests
                require(link.seq == len(digests), "custody/conflict")
                require(link.prev == (digests[-1] if digests else None), "custody/conflict")
        for (role, subject), signature in zip(one.signers, one.message.signatures):
            self._signer(one, role, subject, signature.kid)
        self._authorities(one)
        for position, link in enumerate(one.subjects):
            if link.subject in self.chains:
                self._standing(one, position, link.subject)
        for link in one.subjects:
            if link.subject in self.chains:
                self.chains[link.subject].digests.append(one.digest)
        while self.lost:
            del self.chains[self.lost.pop()]

    def _signer(self, one, role, subject, kid):
        if one.type == "ledger-open" or role == cose.NEW_KEY:
            require(kid not in self.keys, "custody/key-enrolled-twice")
            return
        standing = self.known(subject)
        key = standing.keys.get(kid)
        slots = ("operator", "custodian")
        if role == cose.AUTHORITY:
            slots = ("authority", "recovery") if subject in one.ids() else ("authority",)
        require(key is not None and key.slot in slots, "custody/key-not-enrolled")
        require(key.ended is None, "custody/key-ended")
        if role not in (cose.AUTHORITY, cose.OPERATOR):
            require(role in standing.roles, "custody/role-not-granted")

    def _authorities(self, one):
        authorities, subject = one.signed_by(cose.AUTHORITY), one.ids()[0]
        if one.type in BY_FOUNDERS:
            self._quorum(one, authorities)
        elif one.type in OF_KEYS or one.type == "agency-update":
            if ids.kind(subject) == "custodian":
                require(authorities == [self.known(subject).agency], "custody/not-its-agency")
            elif one.type == "agency-update":
                require(authorities == [subject], "custody/not-its-agency")
            elif authorities != [subject]:
                self._quorum(one, authorities)

    def _quorum(self, one, authorities):
        ledger = self.known("ledger:" + one.message.aud)
        require(len(ledger.founders.intersection(authorities)) >= ledger.quorum, "custody/quorum")

    def _standing(self, one, position, subject):
        chain = self.chains[subject]
        kind = ids.kind(subject)
        if kind == "item":
            chain.standing = items.judge(self, one, position, subject)
        elif kind == "notes":
            chain.standing = notes.judge(self, one, subject)
        elif kind == "request":
            chain.standing = requests.judge(self, one, chain.standing)
        else:
            chain.standing = registry.judge(one, subject, chain.standing)
            if isinstance(chain.standing, (Ledger, Agency, Custodian)):
                self.keys.update(chain.standing.keys)
