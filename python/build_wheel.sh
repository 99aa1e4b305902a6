#!/usr/bin/env bash
# Builds the wheel for Linux with glibc 2.28 or newer, in release, with zig as the linker, and checks it: its tag, the
# symbols it asks of the system, its size. Needs `pip install maturin ziglang auditwheel`.
set -euo pipefail
cd "$(dirname "$0")"
out="${1:-dist}"
python3 -m maturin build --release --locked --zig --compatibility manylinux_2_28 --out "$out"
wheel=$(ls -t "$out"/sagebrush-*manylinux_2_28*.whl | head -1)
python3 -m auditwheel show "$wheel"
python3 -m auditwheel show "$wheel" | grep -q 'manylinux_2_28\|manylinux_2_2[0-7]\|manylinux_2_17' || {
    echo "$wheel: asks for newer symbols than glibc 2.28 has" >&2
    exit 1
}
size=$(stat -c %s "$wheel")
echo "$wheel: $((size / 1000000)) MB"
if ((size > 40000000)); then
    echo "$wheel: larger than 40 MB" >&2
    exit 1
fi
