"""What a record may do, given the records before it: SPEC, Rules."""

from dataclasses import dataclass, field

from . import cose, ids, keys, record
from .refused import Refused, require

MAX_KEYS = 1024

REPLACED, REVOKED, COMPROMISED = "replaced", "revoked", "compromised"


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


@dataclass
class Agency:
    keys: dict  # kid: Key, in the order in which they were enrolled


@dataclass
class Custodian:
    agency: str
    roles: list
    keys: dict  # kid: Key


@dataclass
class Item:
    holder: str
    held: set = field(default_factory=set)
    release: tuple | None = None  # digest, addressee
    disposed: bool = False


@dataclass
class Chain:
    digests: list = field(default_factory=list)
    standing: object = None


class Notes:
    """Nothing is kept about notes."""


class State:
    """The subjects that are held. One without records is absent; all others are unknown."""

    def __init__(self, held):
        self.chains = {subject: Chain() for subject in held}
        self.keys = {}  # every key that was enrolled for a subject, by its kid; none is ever taken away

    def standing(self, subject):
        return self.chains[subject].standing if subject in self.chains else None

    def known(self, subject):
        """The standing of a subject that a rule needs."""
        require(subject in self.chains, "custody/not-held")
        require(self.chains[subject].standing is not None, "custody/no-such-subject")
        return self.chains[subject].standing

    # Evaluation.

    def apply(self, entry_index, one):
        """Judges a record and takes it in. A refused one may leave the state half changed: nothing is judged after it."""
        require((one.type == "ledger-open") == (entry_index == 0), "custody/genesis-place")
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
                standing = self.chains[link.subject].standing
                if isinstance(standing, (Ledger, Agency, Custodian)):
                    self.keys.update(standing.keys)
        for link in one.subjects:
            if link.subject in self.chains:
                self.chains[link.subject].digests.append(one.digest)

    def _signer(self, one, role, subject, kid):
        if one.type == "ledger-open" or role == cose.NEW_KEY:
            require(kid not in self.keys, "custody/key-enrolled-twice")
            return
        standing = self.known(subject)
        key = standing.keys.get(kid)
        if role == cose.AUTHORITY:
            slots = ("authority", "recovery") if subject in one.ids() else ("authority",)
            require(key is not None and key.slot in slots, "custody/key-not-enrolled")
            require(key.ended is None, "custody/key-ended")
        else:
            require(key is not None, "custody/key-not-enrolled")
            require(key.ended is None, "custody/key-ended")
            require(role in standing.roles, "custody/role-not-granted")

    def _authorities(self, one):
        authorities = one.signed_by(cose.AUTHORITY)
        if one.type == "agency-enrol":
            self._quorum(one, authorities)
        elif one.type in ("key-rotate", "key-revoke", "key-compromised"):
            subject = one.ids()[0]
            if ids.kind(subject) == "custodian":
                require(authorities == [self.known(subject).agency], "custody/not-its-agency")
            elif authorities != [subject]:
                self._quorum(one, authorities)

    def _quorum(self, one, authorities):
        ledger = self.known("ledger:" + one.message.aud)
        require(len(ledger.founders.intersection(authorities)) >= ledger.quorum, "custody/quorum")

    # Standings.

    def _standing(self, one, position, subject):
        chain = self.chains[subject]
        kind = ids.kind(subject)
        if kind == "item":
            self._item(one, position, subject, chain)
        elif kind == "notes":
            self._notes(one, subject)
            chain.standing = Notes()
        else:
            self._registry(one, subject, chain)

    def _registry(self, one, subject, chain):
        body = one.body
        if one.type == "ledger-open":
            if ids.kind(subject) == "ledger":
                founders = {founder["id"] for founder in body["agencies"]}
                operator = {keys.kid(body["operator"]): Key(body["operator"], "operator")}
                chain.standing = Ledger(body["quorum"], founders, operator)
            else:
                founder = next(founder for founder in body["agencies"] if founder["id"] == subject)
                chain.standing = _enrolled(founder)
        elif one.type == "agency-enrol":
            if ids.kind(subject) == "agency":
                chain.standing = _enrolled(body["agency"])
            else:
                require(chain.standing is not None, "custody/no-such-subject")
        elif one.type == "custodian-enrol":
            key = {keys.kid(body["key"]): Key(body["key"], "custodian")}
            chain.standing = Custodian(body["agency"], body["roles"], key)
        else:
            require(chain.standing is not None, "custody/no-such-subject")
            self._change_keys(one, subject, chain.standing.keys)

    @staticmethod
    def _change_keys(one, subject, held):
        body = one.body
        if one.type == "key-rotate":
            require(len(held) < MAX_KEYS, "custody/too-many-keys")
            for key in held.values():
                if key.slot == body["slot"] and key.ended is None:
                    key.ended = REPLACED
            by_others = ids.kind(subject) == "agency" and subject not in one.signed_by(cose.AUTHORITY)
            held[keys.kid(body["key"])] = Key(body["key"], body["slot"], by_others=by_others)
            return
        key = held.get(body["kid"])
        if one.type == "key-revoke":
            require(key is not None and key.ended is None, "custody/no-such-key")
            key.ended = REVOKED
        else:
            require(key is not None, "custody/no-such-key")
            require(key.ended != COMPROMISED or body["since"] < key.since, "custody/no-such-key")
            key.ended, key.since = COMPROMISED, body["since"]

    def _item(self, one, position, subject, chain):
        actors = one.signed_by(cose.RELEASING, cose.ACTING)
        item, body = chain.standing, one.body
        giver, to = one.payload.giver, one.payload.to
        if item is None:
            begins = one.type == "collect" or one.type == "derive" and subject != body["parent"]
            require(begins, "custody/no-such-subject")
            chain.standing = Item(actors[0], {actors[0]})
            return
        require(not item.disposed, "custody/disposed")
        if one.type in ("receive", "refuse"):
            require(item.release is not None and item.release[0] == body["release"], "custody/no-open-release")
            require(giver == item.holder, "custody/not-the-holder")
            require(to == item.release[1], "custody/not-the-addressee")
            if one.type == "refuse":
                item.release = None
            elif one.outcome_of(position) != "missing":
                item.release = None
                self._hand_to(item, to)
            return
        require(actors[0] == item.holder, "custody/not-the-holder")
        if one.type == "recall":
            require(item.release is not None and item.release[0] == body["release"], "custody/no-open-release")
            require(to == item.release[1], "custody/not-the-addressee")
            item.release = None
            return
        require(item.release is None, "custody/release-open")
        if one.type == "handoff":
            if one.outcome_of(position) != "missing":
                self._hand_to(item, to)
        elif one.type == "release":
            require(to not in self.chains or self.chains[to].standing is not None, "custody/no-such-subject")
            item.release = (one.digest, to)
        elif one.type == "dispose":
            require(not item.held.intersection(one.signed_by(cose.WITNESS)), "custody/witness-in-chain")
            item.disposed = True

    @staticmethod
    def _hand_to(item, to):
        item.holder = to
        item.held.add(to)

    def _notes(self, one, subject):
        item_id = ids.item_of(subject)
        if item_id not in self.chains:
            return
        item = self.known(item_id)
        if one.type == "correct":
            require(one.signers[0][1] != one.signers[1][1], "custody/own-supervisor")
        elif one.type == "late-entry":
            self._late_entry(one, item_id)
        else:
            require(not item.disposed, "custody/disposed")

    def _late_entry(self, one, item_id):
        try:
            late = record.read(one.body["record"])
        except Refused:
            raise Refused("custody/embedded") from None
        same = (late.message.aud, late.message.genesis) == (one.message.aud, one.message.genesis)
        require(same, "custody/embedded")
        link = next((link for link in late.subjects if link.subject == item_id), None)
        require(link is not None and late.type != "late-entry", "custody/embedded-elsewhere")
        signed_with = []
        for (role, subject), signature in zip(late.signers, late.message.signatures):
            standing = self.known(subject)
            require(isinstance(standing, Custodian), "custody/embedded-elsewhere")
            require(signature.kid in standing.keys, "custody/key-not-enrolled")
            require(role in standing.roles, "custody/role-not-granted")
            signed_with.append(standing.keys[signature.kid])
        for signature, key in zip(late.message.signatures, signed_with):
            require(late.message.verifies(signature, key.key), "custody/embedded")
        digests = self.chains[item_id].digests
        require(late.digest not in digests, "custody/not-late")
        if one.body["reason"] == "conflict":
            require(link.seq < len(digests), "custody/not-late")
        else:
            require(any(key.ended is not None for key in signed_with), "custody/not-late")


def _enrolled(enrolment):
    slots = (("authority", enrolment["key"]), ("recovery", enrolment["recovery"]))
    return Agency({keys.kid(key): Key(key, slot) for slot, key in slots})
