"""DEFLATE (RFC 1951) for padded rows: what is real is stored as it is, the zeros behind it take a few bytes.

The digits of measured numbers hardly compress, while searching them for repetitions takes longer than everything else
in the making of a data set. So nothing is searched: the price is a file that is about a sixth larger than with gzip's
fastest level. Every zlib, and so every HDF5 program, reads the result, and reads it faster.
"""

import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

__all__ = ["deflate_rows"]

HEADER = b"\x78\x01"  # zlib's format (RFC 1950), fastest level
LAST_BLOCK = b"\x01\x00\x00\xff\xff"  # final, stored, empty
LONGEST = 65_535  # bytes in a stored block


def deflate_rows(rows: np.ndarray) -> bytes:
    """A zlib stream of the bytes of `rows` (row, slot, ...), of any type; zero slots at the end of a row are short."""
    content = memoryview(np.ascontiguousarray(rows)).cast("B")
    row = rows[0].nbytes
    parts = [HEADER]
    for start, length in zip(range(0, len(content), row), _real_bytes(rows).tolist(), strict=True):
        parts += _stored(content[start : start + length])
        parts.append(_zeros(row - length))
    return b"".join([*parts, LAST_BLOCK, struct.pack(">I", zlib.adler32(content))])


def _real_bytes(rows: np.ndarray) -> np.ndarray:
    """Length of each row up to the end of its last slot that is not all zero bits (a negative zero is not)."""
    slots = rows.shape[1]
    bits = np.ascontiguousarray(rows).view(f"u{rows.itemsize}").reshape(len(rows), slots, -1)
    used = bits.any(axis=-1) * np.arange(1, slots + 1)
    length: np.ndarray = used.max(axis=-1) * (bits[0].nbytes // slots)
    return length


def _stored(content: memoryview) -> Iterator[bytes | memoryview]:
    for start in range(0, len(content), LONGEST):
        block = content[start : start + LONGEST]
        yield struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF)
        yield block


@lru_cache(maxsize=4096)
def _zeros(number: int) -> bytes:
    """So many zeros, as blocks that end at a whole byte and need nothing that came before."""
    if not number:
        return b""
    compressor = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(bytes(number)) + compressor.flush(zlib.Z_FULL_FLUSH)
