class Refused(Exception):
    """Bytes are refused, or a rule is broken: the code says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def require(holds, code):
    if not holds:
        raise Refused(code)
