"""A refusal: what we say, in Swedish and in English, when a thing asked of us is against the rules."""


class Refused(Exception):
    """A lawful "no" to what was asked, never to be retried as it stands.

    `sv` and `en` are sentences for people and hold nothing personal; `pointer` is the JSON pointer (RFC 6901) of the
    member that was wrong, "" for the whole; `code` is a stable kebab-case name that programs may compare.
    """

    status = 409

    def __init__(self, code: str, sv: str, en: str, pointer: str = "") -> None:
        super().__init__(en)
        self.code, self.sv, self.en, self.pointer = code, sv, en, pointer


class Unknown(Refused):
    """What was asked for does not exist, or not for the one who asks."""

    status = 404


class Invalid(Refused):
    """What was sent can be read but breaks a rule of its own."""

    status = 422
