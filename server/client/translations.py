"""Translates arrays from Python scripts through a server:

with Client("127.0.0.1:50051") as client:
    result, summary = client.translate("monet", pixels)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, Unpack

import numpy as np
from numpy.typing import NDArray
from pleinair.v1 import filters_pb2, filters_pb2_grpc, translation_pb2, translation_pb2_grpc

from server.client.channel import Access, CallError, Channel
from server.client.pages import pages
from server.translation.chunks import chunk_bytes

if TYPE_CHECKING:
    from PIL import Image

PREVIEW_SIDE = 512

_SAMPLE_TYPES = {
    np.dtype("u1"): translation_pb2.SAMPLE_TYPE_UINT8,
    np.dtype("<u2"): translation_pb2.SAMPLE_TYPE_UINT16,
    np.dtype("<f4"): translation_pb2.SAMPLE_TYPE_FLOAT32,
    np.dtype("<f2"): translation_pb2.SAMPLE_TYPE_FLOAT16,
}

OnProgress = Callable[[translation_pb2.Progress], None]
OnPreview = Callable[[translation_pb2.Preview], None]


class TranslationError(CallError):
    """A translation, or another call, that failed."""


class Translator(Protocol):
    """Translates arrays: on a server (Client) or in this process (LocalEngine)."""

    def filters(self) -> list[filters_pb2.Filter]:
        """All filters, ordered by identifier."""

    def rejected_files(self) -> list[filters_pb2.RejectedFile]:
        """The files of the filters folder that are not served, and why."""

    def translate(
        self,
        filter_id: str,
        pixels: NDArray[Any],
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        preview_side: int = PREVIEW_SIDE,
        timeout: float | None = None,
    ) -> tuple[NDArray[Any], translation_pb2.Summary]:
        """Translates H x W x C pixels (C = 1 to 4: grey, grey and alpha, RGB, RGBA; uint8, uint16, float16 or float32)
        to an array of the same shape and type. With ``on_preview`` a preview comes first, whose longer side has at most
        ``preview_side`` pixels. Raises TranslationError, and ValueError for any other array. ``timeout`` is in
        seconds."""

    def translate_picture(
        self,
        filter_id: str,
        picture: Image.Image,
        *,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
    ) -> Image.Image:
        """Translates a picture of Pillow's, to one of the same size with its profile, EXIF data and resolution; modes
        other than L, LA, I;16, RGB and RGBA become RGB or RGBA. Raises what ``translate`` does."""
        from server.client.pillow import picture_of, pixels_of  # who has arrays needs no Pillow

        pixels, _ = self.translate(filter_id, pixels_of(picture), on_progress=on_progress, timeout=timeout)
        return picture_of(pixels, picture)

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Client(Translator):
    """A Translator that asks the server at `address` (HOST:PORT). ``access`` is what a protected server
    wants."""

    def __init__(self, address: str, **access: Unpack[Access]) -> None:
        self._channel = Channel(address, **access)
        self._filters = filters_pb2_grpc.FilterServiceStub(self._channel.grpc)
        self._translation = translation_pb2_grpc.TranslationServiceStub(self._channel.grpc)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def filters(self) -> list[filters_pb2.Filter]:
        return [found for page in self._pages() for found in page.filters]

    def rejected_files(self) -> list[filters_pb2.RejectedFile]:
        return [rejected for page in self._pages() for rejected in page.rejected_files]

    def translate(
        self,
        filter_id: str,
        pixels: NDArray[Any],
        *,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        preview_side: int = PREVIEW_SIDE,
        timeout: float | None = None,
    ) -> tuple[NDArray[Any], translation_pb2.Summary]:
        wire = wire_pixels(pixels)
        header = wire_header(filter_id, wire)
        if on_preview:
            header.preview_side = preview_side
        with self._channel.sentences(TranslationError):
            replies = self._translation.Translate(
                _frames(header, wire), timeout=timeout, metadata=self._channel.metadata
            )
            try:
                return _collect(replies, Assembly(wire), on_progress, on_preview)
            finally:
                # Ends the call when something other than its end took us here; after its end it does nothing.
                replies.cancel()

    def _pages(self) -> Iterator[filters_pb2.ListFiltersResponse]:
        return pages(self._page, TranslationError)

    def _page(self, token: str) -> filters_pb2.ListFiltersResponse:
        with self._channel.sentences(TranslationError):
            return self._filters.ListFilters(
                filters_pb2.ListFiltersRequest(page_token=token), metadata=self._channel.metadata
            )


class Assembly:
    """Collects the chunks of a result in an array of the same shape and type as the one that was sent."""

    def __init__(self, like: NDArray[Any]) -> None:
        self.pixels = np.empty_like(like)
        self._bytes = self.pixels.data.cast("B")
        self._filled = 0

    def add(self, chunk: bytes) -> None:
        end = self._filled + len(chunk)
        if end > len(self._bytes):
            raise _incomplete("more")
        self._bytes[self._filled : end] = chunk
        self._filled = end

    def finish(self) -> NDArray[Any]:
        if self._filled < len(self._bytes):
            raise _incomplete("fewer")
        return self.pixels


def wire_pixels(pixels: NDArray[Any]) -> NDArray[Any]:
    """The same values in the wire's layout: little-endian, contiguous. Raises ValueError for arrays that the wire
    cannot carry."""
    if not isinstance(pixels, np.ndarray):
        raise ValueError(
            f"Pixels are a numpy array, and this is a {type(pixels).__name__}; a picture of Pillow's is for"
            " translate_picture."
        )
    if pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4 or pixels.size == 0:
        grey = "; of grey without channels give pixels[..., None]" if pixels.ndim == 2 else ""
        raise ValueError(
            f"Pixels are an array of height x width x 1 to 4 channels, and this one is {pixels.shape}{grey}."
        )
    dtype = pixels.dtype.newbyteorder("<")
    if dtype not in _SAMPLE_TYPES:
        raise ValueError(
            f"Pixels are uint8, uint16, float16 or float32, and these are {pixels.dtype}; convert them first."
        )
    return np.ascontiguousarray(pixels, dtype)


def wire_chunks(wire: NDArray[Any]) -> Iterator[bytes]:
    view = wire.data.cast("B")
    size = chunk_bytes(len(view))
    for start in range(0, len(view), size):
        yield bytes(view[start : start + size])


def wire_header(filter_id: str, wire: NDArray[Any]) -> translation_pb2.TranslateHeader:
    height, width, channels = wire.shape
    return translation_pb2.TranslateHeader(
        filter_id=filter_id,
        width=width,
        height=height,
        pixel_format=translation_pb2.PixelFormat(
            channels=translation_pb2.Channels.ValueType(channels), sample_type=_SAMPLE_TYPES[wire.dtype]
        ),
    )


def _frames(header: translation_pb2.TranslateHeader, wire: NDArray[Any]) -> Iterator[translation_pb2.TranslateRequest]:
    yield translation_pb2.TranslateRequest(header=header)
    for chunk in wire_chunks(wire):
        yield translation_pb2.TranslateRequest(pixels=chunk)


def _collect(
    replies: Iterator[translation_pb2.TranslateResponse],
    assembly: Assembly,
    on_progress: OnProgress | None,
    on_preview: OnPreview | None,
) -> tuple[NDArray[Any], translation_pb2.Summary]:
    summary = translation_pb2.Summary()
    for reply in replies:
        frame = reply.WhichOneof("frame")
        if frame == "pixels":
            assembly.add(reply.pixels)
        elif frame == "summary":
            summary = reply.summary
        elif frame == "progress" and on_progress:
            on_progress(reply.progress)
        elif frame == "preview" and on_preview:
            on_preview(reply.preview)
    return assembly.finish(), summary


def _incomplete(more_or_fewer: str) -> TranslationError:
    sentence = f"The server sent {more_or_fewer} pixels than the picture has; check that it has the same version."
    return TranslationError(sentence, code="DATA_LOSS")
