"""The one exception that reaches a user as a single line."""

__all__ = ["UserError"]


class UserError(Exception):
    """Something the user can mend: the message names the value, the place and the remedy."""
