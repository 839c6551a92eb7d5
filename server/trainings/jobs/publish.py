"""Puts a training's filter into the folder that is served."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path

import onnx
from pleinair.common.files import write_whole
from pleinair.common.metadata import key

from server.filters.folder import FilterFolder

SERVED_SECONDS = 10.0


class FilterShelf:
    """Puts filters into the filters folder, each by one rename."""

    def __init__(self, path: Path, folder: FilterFolder) -> None:
        self._path = path
        self._folder = folder

    def has(self, filter_id: str) -> bool:
        return self._file(filter_id).is_file()

    def taken(self) -> set[str]:
        """Returns the identifiers that are served and the names of all filter files, without their suffix."""
        return set(self._folder.catalogue.filters) | {file.stem for file in self._path.glob("*.onnx")}

    def put(self, made: Path, filter_id: str) -> str:
        """Copies the filter file ``made`` into the filters folder under this identifier. Returns its SHA-256.

        Raises OSError, and then nothing has changed.
        """
        contents = _renamed(made.read_bytes(), filter_id)
        write_whole(self._file(filter_id), contents)
        return hashlib.sha256(contents).hexdigest()

    async def wait_until_served(self, filter_id: str, sha256: str) -> None:
        """Waits until the folder serves the filter with this SHA-256, but no longer than 10 seconds: if it cannot be
        served, the folder reports why."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SERVED_SECONDS), contextlib.aclosing(self._folder.follow()) as catalogues:
                async for catalogue in catalogues:
                    found = catalogue.filters.get(filter_id)
                    if found and found.sha256 == sha256:
                        return

    def _file(self, filter_id: str) -> Path:
        return self._path / f"{filter_id}.onnx"


def _renamed(contents: bytes, filter_id: str) -> bytes:
    model = onnx.load_model_from_string(contents)
    told = {entry.key: entry for entry in model.metadata_props}
    identifier = told[key("identifier")]
    if identifier.value == filter_id:
        return contents
    identifier.value = filter_id
    return bytes(model.SerializeToString())
