"""Which text of one or two code points the second verifier takes: for every code point a byte to stdout.

Bit 0: the code point alone; bit 1: behind an e; bit 2: before an acute accent. Code points of surrogates are left out.
"""

import sys

from second.cbor import encode, decode
from second.refused import Refused


def is_taken(text):
    try:
        decode(encode(text))
    except Refused:
        return False
    return True


def texts(character):
    return character, "e" + character, character + "\u0301"


answers = bytearray()
for code_point in range(0x110000):
    if not 0xD800 <= code_point < 0xE000:
        character = chr(code_point)
        answers.append(sum(is_taken(text) << bit for bit, text in enumerate(texts(character))))
sys.stdout.buffer.write(answers)
