"""From hand to hand and from agency to agency: SPEC, Rules, Items."""

from . import cose, ids
from .refused import require
from .standings import AT_HAND, CHECKED_OUT, OUTSIDE, PACKED, STORED, Release


def same_agency(agency, other):
    """Whether two agencies are the same, as far as both are known."""
    return agency is None or other is None or agency == other


def back_from_outside(state, one, item):
    require(item.is_at(OUTSIDE), "custody/not-outside")
    taker = one.signed_by(cose.RECEIVING)[0]
    require(same_agency(item.place[1], state.agency_of(taker)), "custody/other-agency")
    item.pass_to(taker)


# Answers to releases, and succession: the actor need not be the holder, or does nothing else.


def _open_release(one, item):
    release = item.release
    require(release is not None and release.digest == one.body["release"], "custody/no-open-release")
    return release


def receive(state, one, position, item):
    release = _open_release(one, item)
    require(one.payload.giver == item.holder, "custody/not-the-holder")
    require(one.payload.to in [release.to, *release.substitutes], "custody/not-the-addressee")
    if one.type == "refuse":
        item.release = None
    elif one.outcome_of(position) != "missing":
        bind(item, release.request, (state.agency_of(item.holder), state.agency_of(one.payload.to)))
        item.pass_to(one.payload.to)


def recall(state, one, position, item):
    require(one.signed_by(cose.RELEASING)[0] == item.holder, "custody/not-the-holder")
    require(one.payload.to == _open_release(one, item).to, "custody/not-the-addressee")
    item.release = None


def succession(state, one, position, item):
    require(one.payload.giver == item.holder, "custody/not-the-holder")
    require(item.release is None, "custody/release-open")
    require(not item.is_at(PACKED), "custody/packed")
    agency = state.agency_of(item.holder)
    for authority in one.signed_by(cose.AUTHORITY):
        require(same_agency(authority, agency), "custody/other-agency")
    require(same_agency(agency, state.agency_of(one.payload.to)), "custody/other-agency")
    if one.outcome_of(position) != "missing":
        place = item.place
        item.pass_to(one.payload.to)
        item.place = place


ANSWERS = {"receive": receive, "refuse": receive, "recall": recall, "succession": succession}

# Moves by the holder.


def handoff(state, one, position, subject, item):
    move(state, one, subject, item, one.body["request"], one.body["onward"])
    if one.outcome_of(position) != "missing":
        item.pass_to(one.payload.to)


def release(state, one, position, subject, item):
    substitutes = one.body["substitutes"] or []
    for custodian in [one.payload.to, *substitutes]:
        state.not_absent(custodian)
    request, giver = one.body["request"], state.agency_of(one.payload.giver)
    if request is not None:
        state.not_absent(request)
    for custodian in [one.payload.to, *substitutes]:
        may_move(state, subject, item.bound, (giver, state.agency_of(custodian)), one.body["onward"])
    item.place = (AT_HAND, None)
    item.release = Release(one.digest, one.payload.to, substitutes, request)


def handoff_external(state, one, position, subject, item):
    item.place = (OUTSIDE, state.agency_of(item.holder))


def check_out(state, one, position, subject, item):
    require(item.is_at(STORED), "custody/not-stored")
    move(state, one, subject, item, None, None)
    if one.outcome_of(position) != "missing":
        agency = state.agency_of(item.holder)
        item.pass_to(one.payload.to)
        item.place = (CHECKED_OUT, agency)


def check_in(state, one, position, subject, item):
    require(item.is_at(CHECKED_OUT), "custody/not-checked-out")
    require(same_agency(item.place[1], state.agency_of(one.payload.to)), "custody/other-agency")
    move(state, one, subject, item, None, None)
    if one.outcome_of(position) != "missing":
        item.pass_to(one.payload.to)
        item.place = (STORED, None)


MOVES = {
    "handoff": handoff,
    "release": release,
    "handoff-external": handoff_external,
    "check-out": check_out,
    "check-in": check_in,
}


def move(state, one, subject, item, request, onward):
    """From the agency of `from` to that of `to`."""
    if request is not None:
        state.not_absent(request)
    agencies = state.agency_of(one.payload.giver), state.agency_of(one.payload.to)
    may_move(state, subject, item.bound, agencies, onward)
    bind(item, request, agencies)


def bind(item, request, agencies):
    """What went from one agency to another, or stayed."""
    giver, to = agencies
    if request is not None and None not in agencies and giver != to and item.bound in (None, giver):
        item.bound = giver


def may_move(state, subject, bound, agencies, onward):
    giver, to = agencies
    came_from = bound or giver
    if None in agencies or giver == to or came_from == giver or to == came_from:
        return
    require(onward is not None, "custody/onward-not-authorised")
    notes_id = ids.notes_of(subject)
    if notes_id in state.chains:
        notes = state.standing(notes_id)
        permission = notes.permissions.get(onward) if notes is not None else None
        require(permission == (came_from, "transfer", to), "custody/onward-not-authorised")
