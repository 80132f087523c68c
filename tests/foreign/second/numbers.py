"""Decimal numbers in text."""

import re

DECIMAL = re.compile("0|[1-9][0-9]{0,19}")


def decimal(text):
    """A number below 2^64 without leading zeros, or None."""
    if not DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number < 1 << 64 else None
