"""Packing: which bits of which word hold each cell, and moving everything when a field grows."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

__all__ = ["Field", "Layout", "Words", "take"]

Words = npt.NDArray[np.uint64]

_WORD = 63
"""Bits of a word that are used: no state is all ones, which marks an empty slot."""
_CHUNK = 1 << 18


Field = tuple[int, int, int]
"""Word, shift and mask of a cell."""


def take(words: Sequence[int], fields: Sequence[Field]) -> tuple[int, ...]:
    """The ids of some cells in packed words."""
    return tuple([(words[word] >> shift) & mask for word, shift, mask in fields])


@attrs.frozen(eq=False)
class Layout:
    """
    Where each cell lies: word, shift and width in bits; no field straddles two words.

    Slots fill the words `0` to `state_words - 1`, views and totals those after them.
    """

    word: tuple[int, ...]
    shift: tuple[int, ...]
    width: tuple[int, ...]
    state_words: int
    all_words: int
    slots: int

    @classmethod
    def of(cls, slot_widths: Sequence[int], derived_widths: Sequence[int]) -> "Layout":
        """
        Pack fields of these widths (1 to 63 bits), the first word that has room first.

        A cell of no width has no field: nobody looks at it.
        """
        word: list[int] = []
        shift: list[int] = []
        begin = 0
        for widths in (slot_widths, derived_widths):
            used: list[int] = []
            for width in widths:
                if width == 0:
                    word.append(0)
                    shift.append(0)
                    continue
                at = next((n for n, bits in enumerate(used) if bits + width <= _WORD), len(used))
                if at == len(used):
                    used.append(0)
                word.append(begin + at)
                shift.append(used[at])
                used[at] += width
            begin += max(len(used), 1 if begin == 0 else 0)
            if widths is slot_widths:
                state_words = begin
        return cls(
            tuple(word),
            tuple(shift),
            (*slot_widths, *derived_widths),
            state_words,
            begin,
            len(slot_widths),
        )

    def mask(self, cell: int) -> int:
        """The largest id that fits a cell."""
        return (1 << self.width[cell]) - 1

    def pack(self, cells: Sequence[int], ids: Sequence[int], words: int) -> list[int]:
        """Words that hold these ids in these cells, and 0 elsewhere."""
        result = [0] * words
        for cell, each in zip(cells, ids, strict=True):
            result[self.word[cell]] |= each << self.shift[cell]
        return result

    def covering(self, cells: Sequence[int], words: int) -> list[int]:
        """Words with all bits of these cells."""
        return self.pack(cells, [self.mask(cell) for cell in cells], words)

    def unpack(self, words: Sequence[int], cells: Sequence[int]) -> tuple[int, ...]:
        """The ids of these cells."""
        return take([int(word) for word in words], self.fields(cells))

    def fields(self, cells: Sequence[int]) -> tuple[Field, ...]:
        """Where the ids of these cells are found, for `take`."""
        return tuple([(self.word[c], self.shift[c], self.mask(c)) for c in cells])

    def translate(self, words: Words, other: "Layout", count: int) -> Words:
        """
        Rows packed by this layout, packed by `other`.

        Rows hold as many words as their layout has for a state or for all cells.
        """
        cells, result = self._packed_in(words, other, count)
        moves: dict[tuple[int, int, int], int] = {}  # fields that move together, move at once
        for cell in cells:
            move = (self.word[cell], other.word[cell], other.shift[cell] - self.shift[cell])
            moves[move] = moves.get(move, 0) | self.mask(cell) << self.shift[cell]
        for low in range(0, count, _CHUNK):
            rows = words[low : min(count, low + _CHUNK)]
            for (word, target, by), mask in moves.items():
                part = rows[:, word] & np.uint64(mask)
                part = part << np.uint64(by) if by >= 0 else part >> np.uint64(-by)
                result[low : low + len(rows), target] |= part
        return result

    def translate_masks(self, words: Words, other: "Layout") -> Words:
        """The same for rows that hold all bits of a field, or none."""
        cells, result = self._packed_in(words, other, len(words))
        for cell in cells:
            there = words[:, self.word[cell]] & np.uint64(self.mask(cell) << self.shift[cell]) != 0
            result[there, other.word[cell]] |= np.uint64(other.mask(cell) << other.shift[cell])
        return result

    def _packed_in(self, words: Words, other: "Layout", count: int) -> tuple[list[int], Words]:
        """The cells that rows hold, and rows of `other` without any."""
        full = words.shape[1] == self.all_words and self.all_words != self.state_words
        cells = range(len(self.word)) if full else range(self.slots)
        result = np.zeros((count, other.all_words if full else other.state_words), np.uint64)
        return [cell for cell in cells if self.width[cell]], result

    def arrays(self) -> dict[str, Any]:
        """Word, shift and mask of each cell, as arrays."""
        return {
            "word": np.array(self.word, np.int64),
            "shift": np.array(self.shift, np.uint64),
            "mask": np.array([self.mask(cell) for cell in range(len(self.word))], np.uint64),
        }


def widths_for(sizes: Sequence[int]) -> list[int]:
    """Bits for ids below each size, and none to spare."""
    return [max(1, (size - 1).bit_length()) for size in sizes]


def words_for(widths: Sequence[int]) -> int:
    """How many words `Layout` needs for fields of these widths."""
    used: list[int] = []
    for width in widths:
        for at, bits in enumerate(used):
            if bits + width <= _WORD:
                used[at] = bits + width
                break
        else:
            if width:
                used.append(width)
    return len(used)
