"""Rules that no vector reaches: `python3 -m second.selftest`. States are set up by hand, records are what a rule reads of them."""

from types import SimpleNamespace

from . import containers, handoffs, notes, quantities, registry, requests
from .refused import Refused
from .rules import Chain, State
from .standings import CHECKED_OUT, OUTSIDE, PACKED, Custodian, Item, Ledger, Notes, Release

A, B, C = "agency:a", "agency:b", "agency:c"
ANA, BEN, CARO = "custodian:a", "custodian:b", "custodian:c"
ITEM, NOTES, BOX = "item:1", "notes:1", "item:9"


def state(**standings):
    """Ana, Ben and Caro of three agencies, and an item with its notes."""
    held = {ANA: Custodian(A, [1], {}), BEN: Custodian(B, [1], {}), CARO: Custodian(C, [1], {}), NOTES: Notes()}
    made = State([*held, ITEM])
    for subject, standing in (held | standings).items():
        made.chains[subject] = Chain([], standing)
    return made


def record(kind="handoff", body=None, giver=ANA, to=BEN, others=0):
    payload = SimpleNamespace(giver=giver, to=to)
    subjects = [None] * (others + 1)
    signers = [(9, giver)]
    return SimpleNamespace(type=kind, body=body or {}, payload=payload, digest=b"d", subjects=subjects, signers=signers)


def refused(code, check, *arguments):
    try:
        check(*arguments)
    except Refused as found:
        assert found.code == code, (code, found.code)
    else:
        raise AssertionError(f"{code}: not refused")


def test_moves():
    one, here, item = record(), state(), Item(ANA)
    handoffs.move(here, one, ITEM, item, "request:1", None)
    assert item.bound == A  # under a request, it is bound to where it came from
    onward = record(giver=BEN, to=CARO)
    refused("custody/onward-not-authorised", handoffs.move, here, onward, ITEM, item, None, None)
    handoffs.move(here, record(giver=BEN, to=ANA), ITEM, item, None, None)  # it may go back
    here.chains[NOTES].standing.permissions[b"p"] = (A, "evidence", None)
    refused("custody/onward-not-authorised", handoffs.move, here, onward, ITEM, item, None, b"p")
    here.chains[NOTES].standing.permissions[b"p"] = (A, "transfer", C)
    handoffs.move(here, onward, ITEM, item, None, b"p")
    del here.chains[CARO], here.chains[NOTES].standing.permissions[b"p"]
    handoffs.move(here, onward, ITEM, item, None, None)  # whose agency is unknown is not judged
    here.chains["request:1"] = Chain()
    refused("custody/no-such-subject", handoffs.move, here, one, ITEM, item, "request:1", None)


def test_substitutes_of_an_item_that_is_bound():
    body = {"request": None, "onward": None, "substitutes": [CARO]}
    one, here = record("release", body, giver=BEN, to=ANA), state()
    refused("custody/onward-not-authorised", handoffs.release, here, one, 0, ITEM, Item(BEN, bound=A))
    item = Item(BEN)
    handoffs.release(here, one, 0, ITEM, item)
    assert item.release == Release(b"d", ANA, [CARO])


def test_quantities():
    for quantity, amount, rest, holds in (
        (10, 4, 6, True),
        (10, 10, 0, True),
        (10, 4, 5, False),
        (10, None, 10, False),
        (10, 4, None, False),
        (None, None, None, True),
        (None, None, 0, True),
        (None, 1, None, False),
        (None, None, 1, False),
    ):
        one, item = record("consume", {"amount": amount, "rest": rest}), Item(ANA, quantity=quantity)
        if holds:
            quantities.judge(one, item)
            assert quantity is None or item.quantity == rest
        else:
            refused("custody/quantity", quantities.judge, one, item)


def test_containers():
    one = record("pack", {"container": BOX, "bound": (A, "request:1")}, others=2)
    box, item = Item(ANA), Item(ANA, bound=B)
    containers.judge(one, BOX, box)
    assert (box.contents, box.bound) == (2, A)
    refused("custody/onward-not-authorised", containers.judge, one, ITEM, item)
    refused("custody/onward-not-authorised", containers.judge, one, BOX, Item(ANA, bound=B))
    item.place = (PACKED, BOX)
    here, out = state(), record("unpack", {"container": BOX}, others=1)
    containers.taken_out(here, out, ITEM, item)
    assert here.lost == [ITEM]  # out of an unknown box it goes to somebody unknown
    here.chains[BOX] = Chain([], Item(BEN, {ANA, BEN}))
    containers.taken_out(here, out, ITEM, item)
    assert (item.holder, item.held) == (BEN, {ANA, BEN})
    refused("custody/not-packed", containers.taken_out, here, out, ITEM, item)


def test_places():
    here = state()
    refused("custody/not-stored", handoffs.check_out, here, record(), 0, ITEM, Item(ANA))
    refused("custody/not-checked-out", handoffs.check_in, here, record(), 0, ITEM, Item(ANA))
    lent = Item(ANA, place=(CHECKED_OUT, C))
    refused("custody/other-agency", handoffs.check_in, here, record(), 0, ITEM, lent)
    back = SimpleNamespace(signed_by=lambda *roles: [BEN])
    refused("custody/not-outside", handoffs.back_from_outside, here, back, Item(ANA))
    refused("custody/other-agency", handoffs.back_from_outside, here, back, Item(ANA, place=(OUTSIDE, A)))


def test_notes():
    here = state()
    here.chains[ITEM].standing = Item(ANA)
    full = here.chains[NOTES].standing
    full.disputes = {n.to_bytes(2, "big") for n in range(256)}
    refused("custody/too-many-open", notes.judge, here, record("dispute"), NOTES)
    full.disputes = set()
    full.codes, full.codes_of = ["H1"], B
    refused("custody/other-agency", notes.judge, here, record("handling", {"codes": []}), NOTES)
    notes.judge(here, record("handling", {"codes": []}, giver=BEN), NOTES)
    notes.judge(here, record("handling", {"codes": ["H2"]}), NOTES)
    assert full.codes_of == A
    here.chains[ITEM].standing.ended = True
    refused("custody/disposed", notes.judge, here, record("hold-set"), NOTES)
    notes.judge(here, record("dispute"), NOTES)


def test_requests():
    here = state()
    here.chains[B] = Chain([], object())
    made = requests.judge(here, record("request", {"step": "prepared", "to": B}), None)
    refused("custody/other-agency", requests.judge, here, record("request", {"step": "accepted"}), made)
    for step in ("accepted", "executing", "executing"):
        requests.judge(here, record("request", {"step": step}, giver=BEN), made)
    refused("custody/request-step", requests.judge, here, record("request", {"step": "received"}, giver=BEN), made)
    requests.judge(here, record("request", {"step": "withdrawn"}), made)
    refused("custody/request-step", requests.judge, here, record("request", {"step": "fulfilled"}, giver=BEN), made)


def test_policy():
    for quorum in (0, 3):
        one = record("policy", {"quorum": quorum})
        refused("custody/quorum-range", registry.judge, one, "ledger:l", Ledger(1, {A, B}, {}))


if __name__ == "__main__":
    tests = [test for name, test in list(globals().items()) if name.startswith("test_")]
    for test in tests:
        test()
    print(f"{len(tests)} tests hold")
