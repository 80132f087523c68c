"""Requests for mutual legal assistance: SPEC, Rules, Requests."""

from .bodies import STEPS
from .refused import require
from .standings import Request

OF_THE_REQUESTING = ("approved", "transmitted", "withdrawn")
LAST = ("fulfilled", "refused", "withdrawn")


def judge(state, one, request):
    """The standing of the request after the record."""
    step, agency = one.body["step"], state.agency_of(one.signers[0][1])
    if request is None:
        require(step == "prepared", "custody/no-such-subject")
        state.not_absent(one.body["to"])
        return Request(agency, one.body["to"], step)
    whose = request.requesting if step in OF_THE_REQUESTING else request.requested
    require(agency == whose, "custody/other-agency")
    require(request.step not in LAST, "custody/request-step")
    again = step == request.step == "executing"
    require(again or STEPS.index(step) > STEPS.index(request.step), "custody/request-step")
    request.step = step
    return request
