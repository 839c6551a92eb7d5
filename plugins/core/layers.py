"""The names of results in the artist's picture."""

from __future__ import annotations

from .texts import _


def result_name(filter_title: str, source_name: str) -> str:
    """Returns the name of the layer with the result, such as “Monet: Background”."""
    # Translators: the name of a new layer
    return _("{filter}: {layer}").format(filter=filter_title, layer=source_name)
