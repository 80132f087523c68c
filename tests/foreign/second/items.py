"""Items: SPEC, Rules, Items. What moves them stands in handoffs, what packs them in containers."""

from . import containers, cose, handoffs, ids, quantities
from .refused import require
from .standings import CHECKED_OUT, OUTSIDE, PACKED, STORED, Item

BEGINNINGS = ("collect", "provider-production", "register-legacy", "derive", "split")
NOT_CHECKED_OUT = ("handoff", "release", "handoff-external", "store")


def actor(one):
    """The first signer of role 1 or 9."""
    return one.signed_by(cose.RELEASING, cose.ACTING)[0]


def judge(state, one, position, subject):
    """The standing of the item after the record."""
    item = state.chains[subject].standing
    if item is None:
        return begin(state, one, subject)
    require(not item.ended, "custody/disposed")
    if one.type == "handoff-external" and one.signed_by(cose.RECEIVING):
        handoffs.back_from_outside(state, one, item)
    elif one.type == "unpack" and subject != one.body["container"]:
        containers.taken_out(state, one, subject, item)
    elif one.type in handoffs.ANSWERS:
        handoffs.ANSWERS[one.type](state, one, position, item)
    else:
        _by_the_holder(state, one, position, subject, item)
    return item


def begin(state, one, subject):
    body = one.body
    require(one.type in BEGINNINGS and subject != body.get("parent"), "custody/no-such-subject")
    item = Item(actor(one), {actor(one)})
    if one.type == "collect" and body["quantity"] is not None:
        item.quantity = body["quantity"][0]
    elif one.type in ("derive", "split"):
        parent = state.standing(body["parent"])
        item.bound = parent.bound if parent is not None else None
        if one.type == "split":
            item.quantity = dict(body["parts"])[subject]
    return item


def _by_the_holder(state, one, position, subject, item):
    require(actor(one) == item.holder, "custody/not-the-holder")
    require(item.release is None, "custody/release-open")
    require(not item.is_at(PACKED), "custody/packed")
    require(not item.is_at(OUTSIDE), "custody/outside")
    packed = one.type == "pack" and subject != one.body["container"]
    if packed or one.type in NOT_CHECKED_OUT:
        require(not item.is_at(CHECKED_OUT), "custody/checked-out")
    if one.type in handoffs.MOVES:
        handoffs.MOVES[one.type](state, one, position, subject, item)
    elif one.type == "store":
        item.place = (STORED, None)
    elif one.type in ("pack", "unpack"):
        containers.judge(one, subject, item)
    elif one.type in ("split", "consume"):
        quantities.judge(one, item)
        if one.body["rest"] == 0:
            end(item)
    elif one.type == "dispose":
        require(not item.held.intersection(one.signed_by(cose.WITNESS)), "custody/witness-in-chain")
        give_up(state, subject, item)
    elif one.type == "return-to-owner":
        give_up(state, subject, item)


def give_up(state, subject, item):
    end(item)
    notes = state.standing(ids.notes_of(subject))
    require(notes is None or not notes.holds, "custody/on-hold")


def end(item):
    require(not item.is_at(CHECKED_OUT), "custody/checked-out")
    require(item.contents == 0, "custody/not-empty")
    item.ended = True
