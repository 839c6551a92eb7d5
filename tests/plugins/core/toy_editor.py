"""The smallest editor that the use cases can live in: 8-bit layers in memory, and undo as copies of the layer list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from plugins.client.messages import Channels, SampleType, TransferFunction
from plugins.core.area import Area
from plugins.core.host import LAYER, PICTURE, NewLayer
from plugins.core.look import Look
from plugins.core.origins import Origin
from plugins.core.pixels import Pixels, WireFormat
from plugins.core.problems import NothingSelected, Problem
from plugins.core.steps import WAIT, Steps, Task
from tests.plugins.core.sessions import Interface

FORMAT = WireFormat(Channels.RGBA, SampleType.UINT8, TransferFunction.SRGB, own={"depth": "8"})


@dataclass(eq=False)
class Layer:
    """``pixels`` are rows x columns x RGBA."""

    name: str
    place: tuple[int, int]
    pixels: np.ndarray
    look: Look = field(default_factory=Look)
    origin: Origin | None = None

    @property
    def area(self) -> Area:
        return Area(*self.place, self.pixels.shape[1], self.pixels.shape[0])


@dataclass
class ToySource:
    document: ToyDocument
    above: Layer | None
    name: str
    sent: Area
    kept: Area
    selected: bytes | None
    format: WireFormat = FORMAT

    @property
    def identifier(self) -> str:
        return self.name if self.above else ""

    def read(self, area: Area, format: WireFormat) -> Steps[Pixels]:
        yield
        return Pixels(area, format, bytearray(self.document.seen(area, self.above).tobytes()))

    def insert(self, new: NewLayer, above: Any = None) -> Steps[Any]:
        yield
        return self.document.lay(new, above or self.above)


@dataclass
class ToyDocument:
    """A selection is one byte for every pixel of the canvas. ``undo`` holds the layers before each step."""

    size: tuple[int, int]
    groups_undo: bool = True
    layers: list[Layer] = field(default_factory=list)
    selection: np.ndarray | None = None
    active: Layer | None = None
    is_open: bool = True
    name: str = "Coast.toy"
    file_title: str = "Coast"
    eight_bit: WireFormat = FORMAT
    undo: list[list[Layer]] = field(default_factory=list)
    _grouped: bool = False

    def check_open(self) -> None:
        if not self.is_open:
            raise Problem("The picture was closed.")

    def idle(self) -> Steps[None]:
        yield WAIT

    def find(self, layer: Layer) -> Layer | None:
        return layer if layer in self.layers else None

    @contextmanager
    def capture(self, layer: Layer | None, choice: str = LAYER, *, with_selection: bool = True) -> Iterator[ToySource]:
        assert (layer is None) == (choice == PICTURE)
        area = layer.area if layer else Area(0, 0, *self.size)
        kept, selected = (area, None) if self.selection is None or not with_selection else self._selected(area)
        yield ToySource(self, layer, layer.name if layer else self.name, area, kept, selected)

    def insert(self, new: NewLayer) -> Steps[Any]:
        yield
        return self.lay(new, self.active)

    @contextmanager
    def undo_step(self) -> Iterator[None]:
        before = list(self.layers)
        self._grouped = self.groups_undo
        try:
            yield
        except BaseException:
            self.layers = before
            raise
        finally:
            self._grouped = False
        if self.groups_undo:
            self.undo.append(before)

    def settle(self, made: Layer) -> Steps[None]:
        yield

    def note_origin(self, made: Layer, origin: Origin) -> None:
        made.origin = origin

    def origin_of(self, layer: Layer) -> Origin | None:
        return layer.origin

    def format_of(self, own: Mapping[str, str]) -> WireFormat:
        return {"8": FORMAT}[own["depth"]]

    def lay(self, new: NewLayer, above: Layer | None) -> Layer:
        area = new.pixels.area
        pixels = np.frombuffer(bytes(new.pixels.data), np.uint8).reshape(area.height, area.width, 4)
        made = Layer(new.name, (area.x, area.y), pixels, new.look)
        if not self._grouped:
            self.undo.append(list(self.layers))
        self.layers.insert(self.layers.index(above) + 1 if above else len(self.layers), made)
        return made

    def seen(self, area: Area, layer: Layer | None) -> np.ndarray:
        """Of one layer, or of the topmost of all."""
        shown = np.zeros((self.size[1], self.size[0], 4), np.uint8)
        for one in self.layers if layer is None else [layer]:
            shown[one.area.y : one.area.bottom, one.area.x : one.area.right] = one.pixels
        return shown[area.y : area.bottom, area.x : area.right]

    def _selected(self, area: Area) -> tuple[Area, bytes]:
        assert self.selection is not None
        rows, columns = np.nonzero(self.selection[area.y : area.bottom, area.x : area.right])
        if not rows.size:
            raise NothingSelected("The selection is beside it.")
        kept = Area(
            area.x + int(columns.min()), area.y + int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
        )
        return kept, self.selection[kept.y : kept.bottom, kept.x : kept.right].tobytes()


class _Timer:
    """Posts its calls to the interface thread."""

    def __init__(self, interface: Interface, call: Callable[[], None]) -> None:
        self._interface, self._call = interface, call
        self._ended = False

    def start(self, milliseconds: int) -> None:
        timer = threading.Timer(milliseconds / 1000, lambda: self._interface.post(self._fire))
        timer.daemon = True
        timer.start()

    def end(self) -> None:
        self._ended = True

    def _fire(self) -> None:
        if not self._ended:
            self._call()


def launch(
    interface: Interface, steps: Steps[Any], *, done: Callable[[Any], None], failed: Callable[[Exception], None]
) -> Task:
    """Begins a task on the stand-in for an interface thread."""
    return Task(steps, partial(_Timer, interface), done=done, failed=failed)


def finish(interface: Interface, steps: Steps[Any]) -> Any:
    """What the steps give; raises what they raise."""
    outcome: list[Any] = []
    errors: list[Exception] = []
    launch(interface, steps, done=outcome.append, failed=errors.append)
    interface.until(lambda: outcome or errors)
    if errors:
        raise errors[0]
    return outcome[0]


def picture(**options: Any) -> ToyDocument:
    """Two layers, the upper one a part of the canvas."""
    drawn = np.random.default_rng(3).integers(1, 256, (72, 96, 4), np.uint8)  # no colour is out of sight
    sea, boat = Layer("sea", (0, 0), drawn), Layer("boat", (5, 7), drawn[:12, :14].copy())
    return ToyDocument((96, 72), layers=[sea, boat], active=boat, **options)
