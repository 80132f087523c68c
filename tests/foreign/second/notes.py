"""What is said about items: SPEC, Rules, Notes."""

from . import cose, ids, record
from .refused import Refused, require
from .standings import Custodian, Notes

AFTER_THE_END = ("correct", "dispute", "dispute-response", "dispute-resolution", "disclose", "erase-opening")
AFTER_THE_END += ("hold-release",)
MAX_OPEN = 256


def judge(state, one, subject):
    """The standing of the notes after the record."""
    if [role for role, _ in one.signers[1:]] == [cose.SUPERVISOR]:
        require(one.signers[0][1] != one.signers[1][1], "custody/own-supervisor")
    item_id = ids.item_of(subject)
    if item_id in state.chains:
        item = state.known(item_id)
        if one.type == "late-entry":
            _late_entry(state, one, item_id)
        else:
            require(not item.ended or one.type in AFTER_THE_END, "custody/disposed")
    notes = state.standing(subject) or Notes()
    if one.type in KEPT:
        KEPT[one.type](state, one, notes)
        open_now = len(notes.holds) + len(notes.disputes) + len(notes.permissions)
        require(open_now <= MAX_OPEN, "custody/too-many-open")
    return notes


def _agency(state, one):
    """That of the first signer, who is known."""
    return state.agency_of(one.signers[0][1])


def _hold_set(state, one, notes):
    notes.holds[one.digest] = _agency(state, one)


def _hold_release(state, one, notes):
    hold = one.body["hold"]
    require(hold in notes.holds, "custody/no-open-hold")
    require(notes.holds[hold] == _agency(state, one), "custody/other-agency")
    del notes.holds[hold]


def _dispute(state, one, notes):
    notes.disputes.add(one.digest)


def _answer(state, one, notes):
    require(one.body["dispute"] in notes.disputes, "custody/no-open-dispute")
    if one.type == "dispute-resolution":
        notes.disputes.remove(one.body["dispute"])


def _authorise_onward(state, one, notes):
    to = one.body["to"]
    if to is not None:
        state.not_absent(to)
    notes.permissions[one.digest] = (_agency(state, one), one.body["use"], to)


def _handling(state, one, notes):
    agency = _agency(state, one)
    require(not notes.codes or notes.codes_of == agency, "custody/other-agency")
    notes.codes, notes.codes_of = one.body["codes"], agency


KEPT = {
    "hold-set": _hold_set,
    "hold-release": _hold_release,
    "dispute": _dispute,
    "dispute-response": _answer,
    "dispute-resolution": _answer,
    "authorise-onward": _authorise_onward,
    "handling": _handling,
}


def _late_entry(state, one, item_id):
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
        standing = state.known(subject)
        require(isinstance(standing, Custodian), "custody/embedded-elsewhere")
        require(signature.kid in standing.keys, "custody/key-not-enrolled")
        require(role in standing.roles, "custody/role-not-granted")
        signed_with.append(standing.keys[signature.kid])
    for signature, key in zip(late.message.signatures, signed_with):
        require(late.message.verifies(signature, key.key), "custody/embedded")
    digests = state.chains[item_id].digests
    require(late.digest not in digests, "custody/not-late")
    if one.body["reason"] == "conflict":
        require(link.seq < len(digests), "custody/not-late")
    else:
        require(any(key.ended is not None for key in signed_with), "custody/not-late")
