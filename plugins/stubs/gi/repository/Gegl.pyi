from enum import Enum

from .GObject import Object

class AbyssPolicy(Enum):
    NONE = ...

class Color(Object):
    @staticmethod
    def new(name: str) -> Color: ...

class Rectangle:
    @staticmethod
    def new(x: int, y: int, width: int, height: int) -> Rectangle: ...

class Buffer(Object):
    def flush(self) -> None: ...
    # With the format None, uses the buffer's own.
    def get(self, area: Rectangle, scale: float, format: str | None, abyss: AbyssPolicy) -> bytes: ...
    def set(self, area: Rectangle, format: str, data: bytes) -> None: ...
