"""A picture that is open in GIMP, as the use cases see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from gi.repository import Gimp

from ..core.area import Area
from ..core.host import LAYER, LayerId, NewLayer
from ..core.origins import Origin, origin_from
from ..core.pixels import Pixels, WireFormat
from ..core.problems import NothingSelected, Problem
from ..core.steps import Steps
from ..core.stored_results import NOTED
from ..core.texts import _
from . import layers, pixels
from .blank import empty_layer
from .blending import clip_like

PARASITE = "pleinair-translation"
_SAVED_AND_UNDONE = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
# In pixels: a filter also looks at what is around a selection, so some of that is sent, too.
_LEAST_MARGIN = 128


@dataclass(frozen=True)
class _Raw:
    """What the wire cannot carry of the part that is kept, as GIMP stores it: the selection, the layer's mask, and in
    ``alpha`` whole pixels, of ``pixel_bytes`` each, if the wire would round their alpha. None where not needed."""

    selection: bytes | None
    mask: bytes | None
    alpha: bytes | None
    pixel_bytes: int


@dataclass(frozen=True)
class GimpSource:
    """GIMP's ``core.host.Source``. ``drawable``, at ``offset`` on the canvas, is what is read; the result goes above
    ``layer``, or on top of all when that is None."""

    document: GimpDocument
    layer: Gimp.Layer | None
    drawable: Gimp.Drawable
    offset: tuple[int, int]
    name: str
    format: WireFormat
    sent: Area
    kept: Area
    raw: _Raw
    selected: ClassVar[bytes | None] = None  # ``insert`` lets GIMP apply the selection, at full precision

    @property
    def identifier(self) -> str:
        return self.name

    def read(self, area: Area, format: WireFormat) -> Steps[Pixels]:
        yield from ()
        own = area.moved(-self.offset[0], -self.offset[1])
        return Pixels(area, format, pixels.read(self.drawable, own, format))

    def insert(self, new: NewLayer, above: LayerId | None = None) -> Steps[LayerId]:
        """Inserts the new layer, cut to the selection and with a copy of the source's mask. Raises Problem."""
        yield from ()
        if self.layer is not None and not self.layer.is_valid():
            raise Problem(
                _("The layer “{name}” is gone.").format(name=self.name),
                _("Undo what removed it, or select another layer, and try again."),
            )
        raw = self.raw
        made = _filled(self.document.image, new, new.pixels.format.has_alpha or raw.selection is not None)
        if raw.alpha is not None:
            pixels.keep_alpha(made, raw.alpha, raw.pixel_bytes)
        self.document.lay(made, above or self.layer)
        if self.layer is not None:
            clip_like(made, self.layer)
        if raw.selection is not None:
            _add_mask(made, raw.selection)
            made.remove_mask(Gimp.MaskApplyMode.APPLY)
        if raw.mask is not None:
            _add_mask(made, raw.mask)
        return made


@dataclass
class GimpDocument:
    """GIMP's ``core.host.Document``, in which a layer is its own identifier."""

    image: Gimp.Image
    groups_undo: ClassVar[bool] = True
    eight_bit: ClassVar[WireFormat] = pixels.named_format("R'G'B'A u8")
    _laid: list[Gimp.Layer] = field(default_factory=list, init=False, compare=False)
    _selected: list[Gimp.Layer] = field(default_factory=list, init=False, compare=False)

    @property
    def name(self) -> str:
        return self.image.get_name()

    @property
    def file_title(self) -> str:
        file = self.image.get_file()
        return Path(file.get_basename()).stem if file else ""

    @property
    def is_open(self) -> bool:
        return self.image.is_valid()

    def check_open(self) -> None:
        if not self.is_open:
            raise Problem(_("The picture was closed in the meantime."), _("Open it again and repeat the translation."))

    def idle(self) -> Steps[None]:
        """Does not wait: GIMP answers each call when it can."""
        yield from ()

    def find(self, layer: Gimp.Layer) -> Gimp.Layer | None:
        return layer if layer.is_valid() else None

    @contextmanager
    def capture(
        self, layer: Gimp.Layer | None, choice: str = LAYER, *, with_selection: bool = True
    ) -> Iterator[GimpSource]:
        with layers.readable(self.image, layer) as drawable:
            yield self._captured(layer, drawable, with_selection)

    def insert(self, new: NewLayer) -> Steps[LayerId]:
        yield from ()
        made = _filled(self.image, new, new.pixels.format.has_alpha)
        self.lay(made, next(iter(self.image.get_selected_layers()), None))
        return made

    def lay(self, made: Gimp.Layer, above: Gimp.Layer | None) -> None:
        """Inserts ``made`` above another layer, or on top of all without one. Raises Problem."""
        layers.lay_above(self.image, made, above)
        self._laid.append(made)

    @contextmanager
    def undo_step(self) -> Iterator[None]:
        self._laid, self._selected = [], self.image.get_selected_layers()
        self.image.undo_group_start()
        try:
            yield
        except BaseException:
            for layer in self._laid:
                self.image.remove_layer(layer)
            self.image.set_selected_layers(self._selected)
            raise
        finally:
            self.image.undo_group_end()
        Gimp.displays_flush()

    def settle(self, made: LayerId) -> Steps[None]:
        """Selects the artist's layers again, so that repeating the filter translates them and not the result."""
        yield from ()
        self.image.set_selected_layers(self._selected)

    def note_origin(self, made: LayerId, origin: Origin) -> None:
        """Stores the origin in a parasite of the layer, which is saved with the picture."""
        made.attach_parasite(Gimp.Parasite.new(PARASITE, _SAVED_AND_UNDONE, list(origin.written(NOTED).encode())))

    def origin_of(self, layer: Gimp.Layer) -> Origin | None:
        parasite = layer.get_parasite(PARASITE)
        try:
            return origin_from(bytes(parasite.get_data()), NOTED) if parasite else None
        except ValueError:
            return None

    def format_of(self, own: Mapping[str, str]) -> WireFormat:
        return pixels.named_format(own["format"])

    def _captured(self, layer: Gimp.Layer | None, drawable: Gimp.Drawable, with_selection: bool) -> GimpSource:
        offset, size = layers.offset_of(drawable), (drawable.get_width(), drawable.get_height())
        kept = layers.selected_area(self.image, drawable) if with_selection else Area(0, 0, *size)
        if kept is None:
            raise NothingSelected(
                _("The selection does not touch the layer."), _("Select a part of it, or nothing, and try again.")
            )
        margin = max(_LEAST_MARGIN, max(kept.width, kept.height) // 2)
        sent = kept.grown(margin).within(*size) or kept
        format = pixels.wire_format(drawable)
        return GimpSource(
            document=self,
            layer=layer,
            drawable=drawable,
            offset=offset,
            name=layer.get_name() if layer else _("Visible picture"),
            format=format,
            sent=sent.moved(*offset),
            kept=kept.moved(*offset),
            raw=self._raw(layer, drawable, kept, format, with_selection),
        )

    def _raw(
        self, layer: Gimp.Layer | None, drawable: Gimp.Drawable, kept: Area, format: WireFormat, with_selection: bool
    ) -> _Raw:
        seen = with_selection and not Gimp.Selection.is_empty(self.image)
        mask = layer.get_mask() if layer and layer.get_apply_mask() else None
        rounded = format.has_alpha and pixels.rounds_alpha(drawable)
        on_canvas = kept.moved(*layers.offset_of(drawable))
        return _Raw(
            selection=pixels.read_raw(self.image.get_selection(), on_canvas) if seen else None,
            mask=pixels.read_raw(mask, _inside(mask, on_canvas)) if mask else None,
            alpha=pixels.read_raw(drawable, kept) if rounded else None,
            pixel_bytes=drawable.get_bpp(),
        )


def _inside(drawable: Gimp.Drawable, area: Area) -> Area:
    """Returns an area of the canvas in the coordinates of a drawable."""
    x, y = layers.offset_of(drawable)
    return area.moved(-x, -y)


def _filled(image: Gimp.Image, new: NewLayer, alpha: bool) -> Gimp.Layer:
    """Creates a layer with these pixels, its look and its place, but does not insert it into the picture."""
    area, format = new.pixels.area, new.pixels.format
    made = empty_layer(image, new.name, area.width, area.height, alpha)
    pixels.write(made, format, new.pixels.data)
    made.set_offsets(area.x, area.y)
    layers.give_look(made, new.look)
    return made


def _add_mask(layer: Gimp.Layer, raw: bytes) -> None:
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    pixels.write_raw(mask, raw)
