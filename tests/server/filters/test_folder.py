"""The filters that are served, as the folder is watched and followed."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.engine.backend import open_backend
from server.engine.provider import Provider
from server.filters.catalogue import Catalogue
from server.filters.folder import FilterFolder
from server.filters.scanner import FolderScanner
from tests import factories


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[FilterFolder]:
    folder = FilterFolder(FolderScanner(path, open_backend(Provider.CPU, threads=1)))
    watching = asyncio.create_task(folder.watch(poll_seconds=0.02))
    yield folder
    watching.cancel()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def names(catalogue: Catalogue) -> list[str]:
    return list(catalogue.filters)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder with one filter, identity."""
    path = tmp_path / "filters"
    path.mkdir()
    factories.put(path, factories.identity())
    return path


def test_followers_see_every_state_or_at_least_the_last(path: Path) -> None:
    async def scenario() -> list[list[str]]:
        async with watched(path) as folder:
            quick, slow = folder.follow(), folder.follow()
            seen = [names(await anext(quick)), names(await anext(slow))]
            factories.put(path, factories.inverting())
            seen.append(names(await anext(quick)))
            (path / "identity.onnx").unlink()
            seen += [names(await anext(quick)), names(await anext(slow))]
            return seen

    first, both, last = ["identity"], ["identity", "inverting"], ["inverting"]
    assert asyncio.run(scenario()) == [first, first, both, last, last]


def test_filters_serve_on_while_the_folder_is_gone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with watched(path) as folder:
            shutil.rmtree(path)
            await until(lambda: "the filters stay as they are" in caplog.text)
            await asyncio.sleep(0.2)
            assert names(folder.catalogue) == ["identity"]
            path.mkdir()
            await until(lambda: names(folder.catalogue) == [])

    caplog.set_level(logging.INFO)
    asyncio.run(scenario())
    assert caplog.text.count("cannot be read") == caplog.text.count("can be read again") == 1


def test_what_changes_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with watched(path) as folder:
            factories.put(path, factories.inverting())
            factories.put_bytes(path / "bad.onnx", b"nonsense")
            await until(lambda: "bad.onnx" in folder.catalogue.rejected and len(folder.catalogue.filters) == 2)

    asyncio.run(scenario())
    assert "Filter inverting was added." in caplog.text
    assert "bad.onnx is not served: It is not an ONNX file" in caplog.text
