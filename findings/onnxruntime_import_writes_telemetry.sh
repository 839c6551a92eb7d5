#!/usr/bin/env bash
# onnxruntime 1.31.1 and onnxruntime-gpu 1.31.1 on Linux: importing it, and nothing else, writes into the user's cache
# folder: an identifier of the device and a database of telemetry events. ORT_DISABLE_TELEMETRY=1 in the environment
# before the import prevents both. disable_telemetry_events(), called right after the import, comes too late for them.
# Seen (1 Dec 2026, Python 3.11), for both packages alike: plain and call left
#   Microsoft/DeveloperTools/.onnxruntime/deviceid and onnxruntime.db, variable left nothing
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

files_after() { # PACKAGE WAY CODE [VARIABLE=VALUE]: what the import leaves in an empty cache folder
    local cache="$folder/cache-$1-$2"
    mkdir "$cache"
    env HOME="$cache" XDG_CACHE_HOME="$cache" "${@:4}" "$folder/$1/bin/python" -c "$3"
    (cd "$cache" && find . -type f -printf '%f ' | tr ' ' '\n' | sort | xargs)
}

changed=0
check() { # WHAT FOUND EXPECTED
    echo "$1: ${2:-nothing}"
    [ "$2" = "$3" ] || changed=1
}

for package in onnxruntime onnxruntime-gpu; do
    python3 -m venv "$folder/$package"
    "$folder/$package/bin/pip" install --quiet --disable-pip-version-check "$package==1.31.1"
    call="import onnxruntime; onnxruntime.disable_telemetry_events()"
    check "$package, plain" "$(files_after "$package" plain "import onnxruntime")" "deviceid onnxruntime.db"
    check "$package, call" "$(files_after "$package" call "$call")" "deviceid onnxruntime.db"
    check "$package, variable" "$(files_after "$package" variable "import onnxruntime" ORT_DISABLE_TELEMETRY=1)" ""
done
if [ $changed = 1 ]; then
    echo changed
    exit 1
fi
