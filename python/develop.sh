#!/usr/bin/env bash
# Builds the native module in the dev profile and puts it beside the package's sources, so that Python takes the package
# from there: `PYTHONPATH=python/py_src`. Takes what the program's build has in CARGO_TARGET_DIR. Arguments go to cargo.
set -euo pipefail
cd "$(dirname "$0")"
export PYO3_PYTHON="${PYTHON:-python3}"
cargo build --locked --features pyo3/extension-module "$@"
target="${CARGO_TARGET_DIR:-target}"
install -m 755 "$target/debug/lib_sagebrush.so" py_src/sagebrush/_sagebrush.abi3.so
