#!/usr/bin/env bash
# The compiler for the fuzz targets: coverage counters only in what reads bytes. With counters in every crate, most of an
# input's time is spent on code that no reader reaches. Cargo calls it as `RUSTC_WRAPPER`.
set -euo pipefail
crate=""
previous=""
for argument in "$@"; do
    [[ "$previous" == --crate-name ]] && crate="$argument"
    previous="$argument"
done
case "$crate" in
sagebrush | read_* | checkpoint | csv | csv_core | parquet | arrow_* | thrift | serde_json | encoding_rs | chrono | snap | lz4_flex | \
    brotli | brotli_decompressor | flate2 | safetensors)
    exec "$@"
    ;;
esac
kept=()
for argument in "$@"; do
    case "$argument" in
    -Cpasses=sancov-module | -Cllvm-args=-sanitizer-coverage-*) ;;
    *) kept+=("$argument") ;;
    esac
done
exec "${kept[@]}"
