from __future__ import annotations

import pkgutil
import subprocess
import sys

import pleinair.common

CODE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names))
"""


def test_the_standard_library_is_all_that_importing_it_imports() -> None:
    names = [module.name for module in pkgutil.walk_packages(pleinair.common.__path__, "pleinair.common.")]
    assert "pleinair.common.files" in names
    done = subprocess.run([sys.executable, "-c", CODE, *names], check=True, capture_output=True, text=True)
    assert not set(done.stdout.split()) & {"google", "grpc", "numpy", "onnx", "onnxruntime", "PIL", "torch", "tqdm"}
