"""Padded rows compressed without a search: every zlib gives back what went in, and zeros take hardly any room."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairmodel.deflate import deflate_rows


@given(
    rows=st.sampled_from(["float32", "float64", "uint8"]).flatmap(
        lambda kind: arrays(kind, st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4)))
    ),
    real=st.integers(0, 6),
    repeated=st.sampled_from([1, 520]),
)
def test_any_numbers_come_back(rows: np.ndarray, real: int, repeated: int) -> None:
    """Long rows end with their last number, short ones are stored whole."""
    rows[:, real:] = 0
    rows = rows.repeat(repeated, axis=2)
    assert zlib.decompress(deflate_rows(rows)) == rows.tobytes()


def test_the_bits_of_a_negative_zero_are_kept() -> None:
    rows = np.zeros((3, 40, 4), dtype=np.float32)
    rows[1, 30, 1] = -0.0
    assert zlib.decompress(deflate_rows(rows)) == rows.tobytes()


def test_rows_longer_than_a_block() -> None:
    rows = np.random.default_rng(1).random((2, 30_000, 1)).astype(np.float32)
    rows[1, 20_000:] = 0
    assert zlib.decompress(deflate_rows(rows)) == rows.tobytes()


@pytest.mark.parametrize("real", [0, 1, 59, 60])
def test_only_what_is_real_takes_room(real: int) -> None:
    rows = np.zeros((256, 60, 30), dtype=np.float32)
    rows[:, :real] = np.random.default_rng(1).random((256, real, 30))
    assert 0 < len(deflate_rows(rows)) - rows[:, :real].nbytes < 60 * 256


def test_rows_that_are_views_of_others() -> None:
    rows = np.random.default_rng(1).random((6, 5, 4))[::2, :, 1:3]
    assert zlib.decompress(deflate_rows(rows)) == rows.tobytes()
