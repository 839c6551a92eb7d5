from __future__ import annotations

from pathlib import Path

from plugins import schemas


def test_the_message_classes_are_what_the_protos_say() -> None:
    protos = sorted(schemas.ROOT.glob("pleinair/v1/*.proto"))
    assert Path(schemas.OUTPUT).read_text("utf-8") == schemas.generate(protos, schemas.ROOT), (
        "the plug-ins' message classes are stale: run `make protos`"
    )
