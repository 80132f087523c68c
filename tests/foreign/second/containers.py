"""Items in items: SPEC, Rules, Items, `pack` and `unpack`."""

from . import handoffs
from .refused import require
from .standings import PACKED


def judge(one, subject, item):
    """A `pack`, and the container of an `unpack`."""
    container, others = one.body["container"], len(one.subjects) - 1
    if one.type == "unpack":
        item.contents = max(0, item.contents - others)
        return
    bound = one.body["bound"][0] if one.body["bound"] is not None else None
    if subject != container:
        require(item.bound is None or item.bound == bound, "custody/onward-not-authorised")
        item.place = (PACKED, container)
        return
    require(bound is None or item.bound in (None, bound), "custody/onward-not-authorised")
    item.bound = item.bound or bound
    item.contents += others


def taken_out(state, one, subject, item):
    """An item of an `unpack` that is not the container."""
    container = one.body["container"]
    require(item.place == (PACKED, container), "custody/not-packed")
    if container not in state.chains:
        state.lost.append(subject)
        return
    box = state.known(container)
    if not handoffs.same_agency(state.agency_of(item.holder), state.agency_of(box.holder)):
        item.bound = item.bound or box.bound
    item.pass_to(box.holder)
    item.held |= box.held
