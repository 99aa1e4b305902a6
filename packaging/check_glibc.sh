#!/usr/bin/env bash
# Says which glibc a program needs, and fails where that is newer than it may be: `packaging/check_glibc.sh PROGRAM 2.28`.
set -euo pipefail
program="$1" may="$2"
needs=$(objdump -T "$program" | grep -oE 'GLIBC_[0-9.]+' | cut -d_ -f2 | sort -Vu | tail -n 1)
[[ -n "$needs" ]] || { echo "$program: needs no glibc, which is not what was asked for" >&2; exit 1; }
newest=$(printf '%s\n%s\n' "$needs" "$may" | sort -V | tail -n 1)
if [[ "$newest" != "$may" ]]; then
    echo "$program needs glibc $needs, and $may is the newest it may need:" >&2
    objdump -T "$program" | grep -F "GLIBC_$needs" >&2
    exit 1
fi
echo "$program needs glibc $needs or later"
objdump -p "$program" | awk '/NEEDED/ {print "  " $2}'
