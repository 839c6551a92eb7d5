from enum import Enum

from .Gio import InputStream
from .GLib import Bytes
from .GObject import Object

class Colorspace(Enum):
    RGB = ...

class InterpType(Enum):
    BILINEAR = ...
    NEAREST = ...

class Pixbuf(Object):
    def composite_color(
        self,
        ground: Pixbuf,
        x: int,
        y: int,
        width: int,
        height: int,
        offset_x: float,
        offset_y: float,
        scale_x: float,
        scale_y: float,
        interpolation: InterpType,
        opacity: int,
        check_x: int,
        check_y: int,
        check_size: int,
        dark: int,
        light: int,
    ) -> None: ...
    def fill(self, colour: int) -> None: ...
    def get_height(self) -> int: ...
    def get_width(self) -> int: ...
    @staticmethod
    def new(colours: Colorspace, alpha: bool, bits: int, width: int, height: int) -> Pixbuf: ...
    @staticmethod
    def new_from_bytes(
        data: Bytes, colours: Colorspace, alpha: bool, bits: int, width: int, height: int, row_bytes: int
    ) -> Pixbuf: ...
    # Raises GLib.Error if the stream is not a picture.
    @staticmethod
    def new_from_stream_at_scale(
        stream: InputStream, width: int, height: int, keep_aspect: bool, cancellable: None
    ) -> Pixbuf: ...
    def new_subpixbuf(self, x: int, y: int, width: int, height: int) -> Pixbuf: ...
    def scale_simple(self, width: int, height: int, interpolation: InterpType) -> Pixbuf | None: ...

class PixbufLoader(Object):
    # Both raise GLib.Error if the data is not a picture.
    def close(self) -> bool: ...
    def write(self, data: bytes) -> bool: ...
    # Returns None until enough of the picture has been written.
    def get_pixbuf(self) -> Pixbuf: ...
