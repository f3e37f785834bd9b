"""What keeps the stack from starting, told in one sentence."""


class Problem(Exception):
    """The stack can't go on; the text is one sentence for the person who started it, and says what to do."""
