from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROTOS = Path(__file__).resolve().parent.parent / "protos"


def generated(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*_pb2*.py*") if path.suffix != ".pyc"
    }


def test_the_generated_code_is_what_the_protos_say(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PROTOS / "generate.py", tmp_path], check=True, capture_output=True)
    assert generated(PROTOS) == generated(tmp_path), "the generated code is stale: run `make protos`"
    assert len(generated(tmp_path)) == 4 * len(list(PROTOS.rglob("*.proto")))
