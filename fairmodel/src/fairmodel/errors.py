"""The exceptions that reach a user as a single line."""

__all__ = ["MissingDeviceError", "UserError"]


class UserError(Exception):
    """Something the user can mend: the message names the value, the place and the remedy."""

    code = 1  # of the command that it ends


class MissingDeviceError(UserError):
    """The machine lacks the hardware that was asked for; nothing else is wrong."""

    code = 3
