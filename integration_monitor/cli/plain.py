"""A verdict's details, which are markdown, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integration_monitor.signals.wording import cell

_GAP = "  "


def plain(details: str, reason: str = "") -> Iterator[str]:
    """Lines of text: tables in aligned columns; no table that only repeats the reason."""
    blocks = [_block(block.splitlines(), reason) for block in details.split("\n\n")]
    for number, block in enumerate(block for block in blocks if block):
        if number:
            yield ""
        yield from block


def printable(text: object) -> str:
    """A stranger's text: a terminal obeys control characters, so they are written out."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(text))


def _block(lines: Sequence[str], reason: str) -> list[str]:
    if not lines or not all(line.startswith("|") for line in lines):
        return list(lines)
    header, _separator, *others = lines
    rows = [_cells(line) for line in (header, *others)]
    if len(rows) == 2 and rows[1][-1] and rows[1][-1] in cell(reason):
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_GAP.join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _cells(line: str) -> list[str]:
    """What `signals.wording.table` wrote into a row; a bar within a cell is escaped there."""
    return line.removeprefix("| ").removesuffix(" |").split(" | ")
