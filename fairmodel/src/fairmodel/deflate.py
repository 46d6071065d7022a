"""DEFLATE (RFC 1951) for padded rows: what is real is stored as it is, the zeros behind it take a few bytes.

The digits of measured numbers hardly compress, while searching them for repetitions takes longer than everything else
in the making of a data set. So nothing is searched: the price is a file that is about a sixth larger than with gzip's
fastest level. Every zlib, and so every HDF5 program, reads the result, and reads it faster.
"""

import struct
import zlib
from functools import lru_cache

import numpy as np

__all__ = ["deflate_rows"]

HEADER = b"\x78\x01"  # zlib's format (RFC 1950), fastest level
LAST_BLOCK = b"\x01\x00\x00\xff\xff"  # final, stored, empty
LONGEST = 65_535  # bytes in a stored block
SHORT = 512  # bytes of a row whose zeros take longer to find than to write
ADLER_MODULUS = 65_521


def deflate_rows(rows: np.ndarray) -> bytes:
    """A zlib stream of the bytes of `rows` (row, ...), of any type; zeros that end a long row take hardly any room."""
    if rows[0].nbytes < SHORT:
        rows = rows.reshape(1, -1)
    content = np.ascontiguousarray(rows).data.cast("B")
    row = rows[0].nbytes
    parts: list[bytes | memoryview] = [HEADER]
    checksum = 1
    for start, length in zip(range(0, len(content), row), _real_bytes(rows).tolist(), strict=True):
        for first in range(start, start + length, LONGEST):
            block = content[first : min(first + LONGEST, start + length)]
            checksum = zlib.adler32(block, checksum)
            parts += (_stored(len(block)), block)
        checksum = _adler32_of_zeros(row - length, checksum)
        parts.append(_zeros(row - length))
    parts += (LAST_BLOCK, struct.pack(">I", checksum))
    return b"".join(parts)


def _real_bytes(rows: np.ndarray) -> np.ndarray:
    """Length of each row up to its last number that is not all zero bits (a negative zero is not), int64 (row,)."""
    bits = np.ascontiguousarray(rows).reshape(len(rows), -1).view(f"u{rows.itemsize}") != 0
    last = bits.shape[1] - 1 - bits[:, ::-1].argmax(axis=1)
    real = bits[np.arange(len(bits)), last]
    length: np.ndarray = np.where(real, last + 1, 0) * rows.itemsize
    return length


@lru_cache(maxsize=4096)
def _stored(length: int) -> bytes:
    """What precedes so many bytes that are stored."""
    return struct.pack("<BHH", 0, length, length ^ 0xFFFF)


@lru_cache(maxsize=4096)
def _zeros(number: int) -> bytes:
    """So many zeros, as blocks that end at a whole byte and need nothing that came before."""
    if not number:
        return b""
    compressor = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    return compressor.compress(bytes(number)) + compressor.flush(zlib.Z_FULL_FLUSH)


def _adler32_of_zeros(number: int, checksum: int) -> int:
    """The checksum (RFC 1950) after so many zeros more: they leave its first sum as it is, and add it to the second."""
    first, second = checksum & 0xFFFF, checksum >> 16
    return (second + number * first) % ADLER_MODULUS << 16 | first
