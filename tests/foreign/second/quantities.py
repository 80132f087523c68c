"""How much there is of an item: SPEC, Rules, Items, `split` and `consume`."""

from .refused import require


def judge(one, item):
    body = one.body
    if one.type == "split":
        require(item.contents == 0, "custody/not-empty")
        amounts = [amount for _, amount in body["parts"]]
    else:
        amounts = [body["amount"]]
    code = "custody/quantity"
    if item.quantity is None:
        require(all(amount is None for amount in amounts) and body["rest"] in (None, 0), code)
    else:
        amounts.append(body["rest"])
        require(all(amount is not None for amount in amounts) and sum(amounts) == item.quantity, code)
        item.quantity = body["rest"]
