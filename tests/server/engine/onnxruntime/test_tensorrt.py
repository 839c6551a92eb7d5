"""The folder of what TensorRT builds."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from server.engine.onnxruntime.tensorrt import EngineCache
from server.errors import StartProblem

needs_permissions = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")


@needs_permissions
def test_nobody_else_has_access_to_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "cache"
    own = Path(EngineCache(folder).options(b"network", half=False)["trt_engine_cache_path"])
    assert own.parent == folder
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, own)] == [0o700, 0o700]


@needs_permissions
@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707])
def test_a_cache_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(StartProblem, match=r"is open to others, and what lies there is run; make it yours alone"):
        EngineCache(tmp_path)


def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        StartProblem, match=r"cannot be made \(.+\); name another folder with --tensorrt-cache or PLEINAIR_"
    ):
        EngineCache(tmp_path / "file")


def test_every_network_has_engines_of_its_own_and_all_share_the_timings(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "cache")
    first, second, again = (cache.options(model, half=False) for model in (b"one", b"two", b"one"))
    assert first == again
    assert first["trt_engine_cache_path"] != second["trt_engine_cache_path"]
    assert first["trt_timing_cache_path"] == second["trt_timing_cache_path"] == str(tmp_path / "cache")
    assert first["trt_engine_cache_enable"] == first["trt_timing_cache_enable"] == "1"


def test_only_float16_networks_are_computed_in_float16(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path / "cache")
    assert [cache.options(b"network", half=half)["trt_fp16_enable"] for half in (False, True)] == ["0", "1"]


def test_the_cache_lies_in_the_users_own_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", str(tmp_path))
    options = EngineCache().options(b"network", half=False)
    assert options["trt_timing_cache_path"] == str(tmp_path / "pleinair" / "tensorrt")
