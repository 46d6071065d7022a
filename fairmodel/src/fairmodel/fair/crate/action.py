"""One run of a step: what it read, what it made, and what the result may depend on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Action", "current", "pruned"]


@dataclass(frozen=True)
class Action:
    """A step that ended well.

    `inputs` and `outputs` are SHA-256 checksums by path relative to the project; times are ISO 8601 in UTC.
    `settings` are values of JSON: profile, commit, configuration, seeds, environment, hardware.
    """

    step: str
    profile: str
    command: str
    started: str
    ended: str
    agent: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def identifier(self) -> str:
        """A name for the action within its crate."""
        moment = self.started.translate(str.maketrans("", "", "-:"))
        return f"#{self.step.replace(' ', '-')}-{self.profile}-{moment}"


def current(actions: Iterable[Action]) -> dict[str, str]:
    """The checksum of each file that an action wrote last, or, where none wrote it, read last."""
    ordered = sorted(actions, key=lambda action: action.ended)
    read = {path: digest for action in ordered for path, digest in action.inputs.items()}
    return read | {path: digest for action in ordered for path, digest in action.outputs.items()}


def pruned(actions: Iterable[Action]) -> list[Action]:
    """The actions that wrote some file last, and those that made what they read: the others have been superseded."""
    ordered = sorted(actions, key=lambda action: action.ended)
    writer = {path: action for action in ordered for path in action.outputs}
    waiting = list({action.identifier: action for action in writer.values()}.values())
    kept: dict[str, Action] = {}
    while waiting:
        action = waiting.pop()
        if action.identifier not in kept:
            kept[action.identifier] = action
            waiting += [maker for item in action.inputs.items() if (maker := _maker(item, action, ordered))]
    return sorted(kept.values(), key=lambda action: action.ended)


def _maker(item: tuple[str, str], reader: Action, ordered: Sequence[Action]) -> Action | None:
    """The last action before another one that gave a file the content which that one read."""
    before = [other for other in ordered if other.ended <= reader.ended and other is not reader]
    return next((other for other in reversed(before) if item in other.outputs.items()), None)
