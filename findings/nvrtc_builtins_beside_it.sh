#!/usr/bin/env bash
# nvidia-cuda-nvrtc 13.0.88 (Linux, x86-64), which torch 2.13.0 from PyPI pins: libnvrtc.so.13 does not find the
# libnvrtc-builtins.so.13.0 that lies in the same folder, because it has no RPATH. Loading the library succeeds, making a
# program succeeds, and only compiling fails, whatever the program. It takes a copy of the builtins that the process has
# loaded before, so loading that file first is the cure. From 13.1.80 on the library has an RPATH of its own. Compiling
# needs no GPU.
# Seen (30 Nov 2026, Python 3.11):
#   13.0.88, alone: status 7: nvrtc: error: failed to open libnvrtc-builtins.so.13.0.
#   13.0.88, builtins loaded first: status 0
#   13.1.80, alone: status 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
for version in 13.0.88 13.1.80; do
    "$folder/env/bin/pip" install --quiet --disable-pip-version-check --target "$folder/$version" \
        "nvidia-cuda-nvrtc==$version"
done
cat >"$folder/compile.py" <<'END'
import ctypes
import sys
from pathlib import Path

libraries, builtins_first = Path(sys.argv[1], "nvidia/cu13/lib"), sys.argv[2] == "first"
if builtins_first:
    for path in libraries.glob("libnvrtc-builtins.so.13*"):
        ctypes.CDLL(str(path))
nvrtc, program, size = ctypes.CDLL(str(libraries / "libnvrtc.so.13")), ctypes.c_void_p(), ctypes.c_size_t()
source = b"extern \"C\" __global__ void twice(float* x) { x[threadIdx.x] *= 2; }"
assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"twice.cu", 0, None, None) == 0
options = (ctypes.c_char_p * 1)(b"--gpu-architecture=sm_90")
status = nvrtc.nvrtcCompileProgram(program, 1, options)
nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
log = ctypes.create_string_buffer(size.value)
nvrtc.nvrtcGetProgramLog(program, log)
text = log.value.decode().partition("\n")[0]
print(f"status {status}" + (f": {text}" if text else ""))
END
check() { # NAME VERSION WAY EXPECTED
    said=$("$folder/env/bin/python" "$folder/compile.py" "$folder/$2" "$3")
    echo "$1: $said"
    [[ "$said" == "$4" ]] || { echo "changed: expected $4" >&2; exit 1; }
}
check "13.0.88, alone" 13.0.88 alone "status 7: nvrtc: error: failed to open libnvrtc-builtins.so.13.0."
check "13.0.88, builtins loaded first" 13.0.88 first "status 0"
check "13.1.80, alone" 13.1.80 alone "status 0"
