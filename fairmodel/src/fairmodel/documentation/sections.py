"""Tables of the configuration, made from the models that validate it: the directive `{section}`."""

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from docutils import nodes
from pydantic.fields import FieldInfo
from sphinx.util.docutils import SphinxDirective

from ..lazy import Lazy
from ..settings.section import Section
from .tables import make_table, text_with_code

__all__ = ["SectionTable"]

HEAD = ("Key", "Value", "Default", "Meaning")
WIDTHS = (20, 22, 18, 40)
KINDS = {int: "whole number", float: "number", bool: "`true` or `false`", str: "text"}
SIGNS = {Gt: ">", Ge: "≥", Lt: "<", Le: "≤"}


class SectionTable(SphinxDirective):
    """The keys of `package.module:Class`, a `Section`: what each may hold, its default and its meaning."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        self.env.note_reread()  # the model may have changed where this page has not
        model: type[Section] = Lazy(self.arguments[0]).load()
        return [make_table(HEAD, map(_cells, model.model_fields.items()), widths=WIDTHS)]


def _cells(field: tuple[str, FieldInfo]) -> tuple[nodes.Node, ...]:
    name, info = field
    default = "required" if info.is_required() else _default(info.default)
    texts = (f"`{name}`", kind(info.annotation, info.metadata), default, info.description or "")
    return tuple(nodes.inline("", "", *text_with_code(text)) for text in texts)


def _default(value: Any) -> str:
    """A default as it would stand in the file; tables have defaults of their own, and nothing stands for None."""
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case Section() if value.model_fields_set:
            given = ", ".join(f"{key} = {getattr(value, key)}" for key in type(value).model_fields)
            return f"`{{ {given} }}`"
        case Section():
            return "its defaults"
        case tuple() | dict() if not value:
            return "empty"
        case tuple():
            return f"`{json.dumps(value)}`"
    return f"`{value}`"


def kind(annotation: Any, metadata: Any = ()) -> str:
    """What a key may hold, in words."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return kind(inner, (*_flat(more), *metadata))
    if get_origin(annotation) is Literal:
        return " or ".join(f'`"{value}"`' for value in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(kind(item, metadata) for item in get_args(annotation) if item is not NoneType)
    if get_origin(annotation) is tuple:
        return f"list of: {kind(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        return f"table of: {kind(get_args(annotation)[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "table"
    return f"{KINDS.get(annotation, 'table of the project')}{_bounds(metadata)}"


def _flat(metadata: Any) -> Iterator[Any]:
    """The bounds among the notes of an annotation, which pydantic may keep inside another one."""
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)


def _bounds(metadata: Any) -> str:
    bounds = [f"{SIGNS[type(item)]} {_number(item)}" for item in metadata if type(item) in SIGNS]
    return f" {', '.join(bounds)}" if bounds else ""


def _number(bound: Any) -> str:
    (value,) = (getattr(bound, name) for name in ("gt", "ge", "lt", "le") if hasattr(bound, name))
    return "2³¹" if value == 2**31 else f"{value:g}"
