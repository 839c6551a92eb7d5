"""What is written about the trainer's options for others."""

from __future__ import annotations

from pathlib import Path

import pytest
from pleinair.common.training_options import OPTIONS, PRESETS

from training import option_tables
from training.methods import registry

TABLES = option_tables.option_tables()


def test_the_module_that_the_server_reads_is_up_to_date() -> None:
    """If not, run `make options`."""
    assert option_tables.MODULE.read_text(encoding="utf-8") == option_tables.module_text()


def test_the_module_names_types_and_the_presets_for_single_pictures() -> None:
    assert PRESETS == ("sincut-quick", "sincut")
    assert (OPTIONS["images"], OPTIONS["ema"], OPTIONS["identity"], OPTIONS["taps"]) == (int, float, bool, str)
    assert registry.presets().keys() >= set(PRESETS)


@pytest.mark.parametrize(
    "row",
    [
        "| option | meaning | default | other in |",
        "| `--batch` | pictures per step | `1` | sincut `16`, sincut-quick `8` |",
        "| `--seed` | seed of everything random | `0` |  |",
        "| option | meaning | cut | fastcut | sincut | sincut-quick |",
        "| `--nce-weight` | weight of the PatchNCE loss | `1` | `10` | `4` | `4` |",
        "| `--dropout` | dropout in the residual blocks (resnet) | `off` | `off` | `off` | `off` |",
    ],
)
def test_tables_hold_every_options_default_by_preset(row: str) -> None:
    assert row in TABLES.splitlines()


def test_a_readme_without_markers_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(option_tables, "MODULE", tmp_path / "training_options.py")
    (tmp_path / "README.md").write_text("Nothing.\n")
    assert option_tables.main([str(tmp_path / "README.md")]) == 2
    assert capsys.readouterr().err.startswith("error: The README must have one <!-- options -->")
