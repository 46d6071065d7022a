"""Formulas as MathML, which browsers draw themselves: no script, no font, no network."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.writers.html5 import HTML5Translator

__all__ = ["visit_block", "visit_inline"]


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line."""
    translator.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands by itself; a wide one scrolls."""
    formula = convert(node.astext(), display="block")
    translator.body.append(f'<div style="overflow: auto hidden; padding: 0.5em 0">{formula}</div>')
    raise nodes.SkipNode
