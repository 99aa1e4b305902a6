#!/usr/bin/env bash
# What can be checked of the image without Docker: `packaging/check_image.sh PROGRAM RUN`, as root on Debian 12. The files of
# the image (of distroless/cc: glibc, libgcc, libstdc++; of busybox: wget) are put together from Debian's packages, and the
# command, the user and the health check of the Dockerfile run in them. The base image itself is not what is tested.
set -euo pipefail
program=$(realpath "$1") run=$(realpath "$2")
dockerfile="$(dirname "$(realpath "$0")")/Dockerfile"
root=$(mktemp -d)
service=""
finish() {
    [[ -z "$service" ]] || kill "$service" 2>/dev/null || true
    rm -rf "$root"
}
trap finish EXIT
(cd "$root" && mkdir debs && cd debs && apt-get download -q libc6 libgcc-s1 libstdc++6 gcc-12-base busybox-static >/dev/null 2>&1)
for package in "$root"/debs/*.deb; do dpkg -x "$package" "$root"; done
rm -rf "$root/debs"
# The loader is where a program of x86-64 looks for it.
[[ -e "$root/lib64" ]] || ln -s lib/x86_64-linux-gnu "$root/lib64"
mkdir -p "$root/usr/local/bin" "$root/runs" "$root/tmp"
cp "$program" "$root/usr/local/bin/sagebrush"
cp "$root/bin/busybox" "$root/usr/local/bin/wget"
cp -r "$run" "$root/runs/current"
user=$(sed -n 's/^USER //p' "$dockerfile")
chown -R "$user" "$root/runs"
# The words of CMD and HEALTHCHECK, each on a line.
words() { grep -oE '\[.*\]' <<<"$1" | tr -d '[]"' | sed 's/, /\n/g'; }
mapfile -t command < <(words "$(grep '^CMD' "$dockerfile")")
mapfile -t health < <(words "$(grep '^    CMD' "$dockerfile")")
entry=$(words "$(grep '^ENTRYPOINT' "$dockerfile")")
echo "as $user: $entry ${command[*]}"
chroot --userspec="$user" "$root" "$entry" "${command[@]}" >"$root/log" 2>&1 &
service=$!
for _ in $(seq 50); do
    if chroot --userspec="$user" "$root" "${health[@]}" 2>/dev/null; then
        echo "healthy: ${health[*]}"
        stat -c 'the program runs as user %u' "/proc/$service"
        du -sh --apparent-size "$root" --exclude runs | cut -f1 | sed 's/^/files of the image: /'
        kill "$service"
        wait "$service"
        service=""
        if chroot --userspec="$user" "$root" "${health[@]}" 2>/dev/null; then
            echo "it is called healthy without a service" >&2
            exit 1
        fi
        echo "stopped by SIGTERM with exit code 0"
        exit 0
    fi
    sleep 0.2
done
chroot --userspec="$user" "$root" "${health[@]}" || true
cat "$root/log" >&2
exit 1
