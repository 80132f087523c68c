"""Subject ids and origins: SPEC, Subject ids. Ids are kept as text; Python orders ASCII text by its bytes."""

import re

from . import cbor
from .refused import require

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
ORIGIN = re.compile("[!-*,-~]{1,255}")
KINDS = {kind: re.compile(f"{kind}:{UUID}") for kind in ("agency", "custodian", "item", "notes", "request")}
KINDS["ledger"] = re.compile("ledger:" + ORIGIN.pattern)


def kind(subject):
    return subject.split(":", 1)[0]


def is_origin(text):
    return ORIGIN.fullmatch(text) is not None


def is_subject(text, of=None):
    name = kind(text)
    return name in KINDS and (of is None or of == name) and KINDS[name].fullmatch(text) is not None


def subject(value):
    require(is_subject(cbor.text(value)), "cbor/out-of-range")
    return value


def of_kind(name):
    def read(value):
        require(is_subject(cbor.text(value), name), "cbor/out-of-range")
        return value

    return read


agency, custodian = of_kind("agency"), of_kind("custodian")
item, request = of_kind("item"), of_kind("request")


def notes_of(item_id):
    return "notes:" + item_id.split(":", 1)[1]


def item_of(notes_id):
    return "item:" + notes_id.split(":", 1)[1]
