"""How large the packed parts of a PDF are when they are unpacked: a bomb is refused before a library opens it.
Floor 4: pictures are not counted, for nobody unpacks them to read words; what is sealed cannot be looked into."""

from __future__ import annotations

import re
import zlib

from fin_infra.errors import StatementUnreadable

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_DICTIONARY_BYTES = 1024
"""What stands before a stream of a page or a font is shorter."""
_MOST_BYTES = 32 * 1024 * 1024
"""Of all parts together. The text of 500 dense pages is a tenth of it; some fonts add a megabyte each."""
_STEP = 1024 * 1024
_READ = 32 * 1024


def refuse_bombs(data: bytes) -> None:
    """Refuse a PDF whose parts become larger than any statement's.

    Raises:
        StatementUnreadable: they do, or a part is packed twice.
    """
    left = _MOST_BYTES
    for match in _STREAM.finditer(data):
        before = data[max(0, match.start() - _DICTIONARY_BYTES) : match.start()]
        dictionary = before[before.rfind(b"obj") + 3 :]
        if b"/Image" in dictionary or b"FlateDecode" not in dictionary:
            continue
        if dictionary.count(b"FlateDecode") > 1:
            raise StatementUnreadable("A part of the PDF is packed twice, which statements are not; it is not opened.")
        left -= _size(data, match.end(), left)
        if left <= 0:
            raise StatementUnreadable(
                f"The PDF unpacks to more than {_MOST_BYTES // _STEP} MiB of text, which no statement has; it is not "
                "opened."
            )


def _size(data: bytes, start: int, most: int) -> int:
    """Return how many bytes a part unpacks to, counted no farther than `most`."""
    unpacking = zlib.decompressobj()
    size, at, rest = 0, start, b""
    try:
        while size < most and not unpacking.eof:
            if not rest:
                rest = data[at : at + _READ]
                at += _READ
            if not rest:
                break
            size += len(unpacking.decompress(rest, _STEP))
            rest = unpacking.unconsumed_tail
    except zlib.error:
        return size  # damaged or sealed: the library decides
    return size
