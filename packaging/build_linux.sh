#!/usr/bin/env bash
# A Linux binary that runs on glibc 2.28 and later (Debian 10, RHEL 8, Ubuntu 18.10): `packaging/build_linux.sh [FOLDER]`.
# Zig is the linker, for it links against the symbols of any glibc; it comes from PyPI and needs no root. The folder
# (by default dist/) gets the program, its manual pages and the completions of four shells. It takes about ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
GLIBC=2.28
TARGET="$(uname -m)-unknown-linux-gnu"
FEATURES="${FEATURES:-serve,cloud}"
out="${1:-dist}"
target="${CARGO_TARGET_DIR:-target}"

tools="$target/zig"
if [[ ! -x "$tools/bin/cargo-zigbuild" ]]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet 'ziglang==0.17.1' 'cargo-zigbuild==0.24.1'
fi
export PATH="$PWD/$tools/bin:$tools/bin:$PATH"
cargo zigbuild --release --locked --bin sagebrush --features "$FEATURES" --target "$TARGET.$GLIBC"

program="$target/$TARGET/release/sagebrush"
packaging/check_glibc.sh "$program" "$GLIBC"
mkdir -p "$out/man" "$out/completions"
cp "$program" "$out/sagebrush"
"$out/sagebrush" man --out "$out/man"
for shell in bash zsh fish powershell; do
    "$out/sagebrush" completions "$shell" >"$out/completions/sagebrush.$shell"
done
ls -l "$out/sagebrush"
