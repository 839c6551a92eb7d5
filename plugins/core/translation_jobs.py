"""A translation from its request to its end. Used on the interface thread only, except for ``cancel``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable

from ..client import Cancel, Cancelled, ClientError, Progress, Translation
from ..client.messages import Summary, TranslateHeader
from ..client.wire import Buffer
from .pixels import Pixels, WireFormat
from .texts import _, decimal, ngettext, told

ENDED = ("done", "failed", "cancelled")
# Where each stage of a job begins and ends on the progress bar, 0 to 1.
_SHARES = {"sending": (0.0, 0.1), "queued": (0.1, 0.1), "translating": (0.1, 0.9), "receiving": (0.9, 1.0)}


@dataclass(frozen=True)
class TranslationRequest:
    """What to translate, and with which filter. The format is in numbers of the protocol's enumerations."""

    filter_id: str
    width: int
    height: int
    channels: int
    sample_type: int
    pixels: Buffer
    transfer_function: int = 0
    channel_order: int = 0

    @classmethod
    def of(cls, filter_id: str, pixels: Pixels) -> TranslationRequest:
        """Returns the request to translate these pixels with a filter."""
        area, format = pixels.area, pixels.format
        return cls(
            filter_id,
            area.width,
            area.height,
            format.channels,
            format.sample_type,
            pixels.data,
            format.transfer_function,
            format.channel_order,
        )

    @property
    def header(self) -> TranslateHeader:
        format = WireFormat(self.channels, self.sample_type, self.transfer_function, self.channel_order)
        return TranslateHeader(
            filter_id=self.filter_id, width=self.width, height=self.height, pixel_format=format.message
        )


class TranslationJob:
    """One translation. ``state`` is waiting, sending, queued, translating, receiving, done, failed or cancelled;
    ``fraction`` (0 to 1) is of the whole job, None while unknown; ``error`` is a sentence and a remedy. ``done`` is
    called once, at the end."""

    def __init__(self, request: TranslationRequest, done: Callable[[TranslationJob], None]) -> None:
        self.request = request
        self.state = "waiting"
        self.fraction: float | None = 0.0
        self.seconds_left: float | None = None
        self.queue_position = 0
        self.pixels: bytearray | None = None
        self.summary: Summary | None = None
        self.error: tuple[str, str] | None = None
        self.cancel_token = Cancel()
        self._done = done
        self._begun = time.monotonic()
        self._seconds = 0.0

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def cancel(self) -> None:
        """Asks the job to end, from any thread; it ends a moment later, on the interface thread."""
        self.cancel_token.cancel()

    def go_on(self, progress: Progress) -> None:
        if self.ended:
            return
        self.state = progress.stage
        self.queue_position = progress.queue_position
        self.seconds_left = progress.seconds_left
        begin, end = _SHARES[progress.stage]
        known = progress.fraction is not None or begin == end
        self.fraction = begin + (end - begin) * (progress.fraction or 0.0) if known else None

    def succeed(self, translation: Translation) -> None:
        self.pixels, self.summary = translation.pixels, translation.summary
        self._end("done")

    def fail(self, error: ClientError) -> None:
        if isinstance(error, Cancelled):
            self._end("cancelled")
        else:
            self.error = told(error)
            self._end("failed")

    def describe(self) -> str:
        """Returns one line about the state, for the artist."""
        if self.state == "failed" and self.error:
            return " ".join(self.error).rstrip()
        if self.state == "queued" and self.queue_position:
            many = ngettext(
                "{number} picture is ahead of this one.",
                "{number} pictures are ahead of this one.",
                self.queue_position,
            )
            return many.format(number=self.queue_position)
        if self.state == "translating" and self.seconds_left is not None:
            return _("Translating, about {time} left").format(time=duration(self.seconds_left))
        if self.state == "done":
            return _("Done in {time}").format(time=duration(self._seconds))
        return {
            "waiting": _("Waiting for its turn"),
            "sending": _("Sending the picture"),
            "queued": _("Waiting for its turn"),
            "translating": _("Translating"),
            "receiving": _("Receiving the result"),
            "cancelled": _("Cancelled"),
        }[self.state]

    def _end(self, state: str) -> None:
        if self.ended:
            return
        self.state = state
        self.fraction = 1.0 if state == "done" else None
        self.seconds_left = None
        self._seconds = time.monotonic() - self._begun
        self._done(self)


def duration(seconds: float) -> str:
    """Returns the duration as text, in the unit that a person would use."""
    if seconds < 10:
        return _("{seconds} s").format(seconds=decimal(seconds, 1))
    if seconds < 100:
        return _("{seconds:.0f} s").format(seconds=seconds)
    return _("{minutes:.0f} min").format(minutes=seconds / 60)
