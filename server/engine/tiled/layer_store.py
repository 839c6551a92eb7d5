"""Layers that are stored between sweeps: what every store can do.

Two sweeps, with the layer ``a`` stored by the first one and read by the second, which stores ``b``. Each reads a
margin:

    first sweep   open a; write a 0-7; write a 8-15; write a 16-23
    second sweep  open b; read a 0-9;  write b 0-7;  drop a before 6
                          read a 6-17; write b 8-15; drop a before 14
                          read a 14-23; write b 16-23; drop a

So there is never much more than one whole layer: what was dropped of ``a`` makes room for what is written of ``b``.
"""

from __future__ import annotations

from typing import Protocol

from server.engine.network.arrays import Array
from server.engine.network.network import Size
from server.engine.tiled.areas import Area
from server.engine.tiled.layout import Layout


class LayerStore(Protocol):
    """Stores layers by name, in one layout and one type of values."""

    def open(self, name: str, size: Size) -> None:
        """Makes room for a layer of this size, which is not stored yet."""

    def read(self, name: str, area: Area) -> Array:
        """The values of this area, which must have been written. They may be the store's own: nobody may change
        them."""

    def writable_view(self, name: str, area: Area) -> Array | None:
        """An array in which this area of the layer lies, to be written to instead of ``write``; None where the area
        does not lie in one run of memory. Raises MemoryError."""

    def write(self, name: str, area: Area, values: Array) -> None:
        """Stores the values of this area."""

    def drop(self, name: str, before: int | None = None) -> None:
        """Forgets the layer's rows up to, and without, ``before``, or the whole layer."""

    def close(self) -> None:
        """Forgets all layers."""


def rows_index(layout: Layout, rows: slice, columns: slice = slice(None)) -> tuple[slice, ...]:
    """The index of these rows and columns in an array of this layout."""
    index = [slice(None)] * 4
    index[layout.height], index[layout.width] = rows, columns
    return tuple(index)
