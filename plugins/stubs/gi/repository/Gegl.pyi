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
    # None for the buffer's own format.
    def get(self, area: Rectangle, scale: float, format: str | None, abyss: AbyssPolicy) -> bytes: ...
    def set(self, area: Rectangle, format: str, data: bytes) -> None: ...
