"""In words, what a network answers that is no picture of the size that it was given."""

from __future__ import annotations

from fractions import Fraction

from server.engine.failure import cause

Shape = tuple[int, ...]


def describe_shape(shape: Shape, height: int, width: int) -> str | None:
    """A sentence about an answer of this shape to 1 x C x ``height`` x ``width``; None where another size might get
    another answer."""
    if len(shape) != 4:
        return f"It answers with {len(shape)} axes, {_by(shape)}, and a picture has four; name another output."
    batch, channels, high, wide = shape
    if batch != 1:
        return f"It answers one picture with {batch}; name another output, or export it with a batch of 1."
    if channels not in (1, 3, 4):
        layout = "; its layout may be another" if wide in (1, 3, 4) or high in (1, 3, 4) else ""
        return f"It answers with {channels} channels; expected 3 (RGB), 1 (grey) or 4 (RGB and alpha){layout}."
    if (high, wide) == (height, width):
        return None
    if Fraction(high, height) == Fraction(wide, width):
        return (
            f"It answers with {_times(Fraction(high, height))} the height and width of the picture, and only networks"
            " whose answers have the picture's size can be served."
        )
    if high - height == wide - width:
        lost = height - high
        return (
            f"It answers with H{-lost:+d} x W{-lost:+d} pixels to H x W, as convolutions without padding do; export it"
            " with padding, so that the answer has the picture's size."
        )
    return None


def describe_failure(outcome: Shape | Exception, height: int, width: int) -> str:
    """What is wrong with the outcome for a picture of this size, as a part of a sentence."""
    if isinstance(outcome, Exception):
        return cause(outcome) or "it fails for a reason that was not foreseen"
    if len(outcome) == 4 and outcome[2:] != (height, width):
        return f"it answers {outcome[2]} x {outcome[3]} pixels"
    return f"it answers {_by(outcome)}"


def _times(factor: Fraction) -> str:
    return f"{factor.numerator} times" if factor.denominator == 1 else f"{factor} of"


def _by(shape: Shape) -> str:
    return " x ".join(map(str, shape))
