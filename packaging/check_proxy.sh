#!/usr/bin/env bash
# nginx.conf, run by nginx with a certificate of its own in front of the service: `packaging/check_proxy.sh PROGRAM RUN`. It
# needs nginx, curl and openssl, and no root: ports, names and paths are replaced, nothing else.
set -euo pipefail
program=$(realpath "$1") run=$(realpath "$2")
conf="$(dirname "$(realpath "$0")")/nginx.conf"
folder=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$folder"
}
trap finish EXIT
fail() {
    echo "FAILED: $1" >&2
    cat "$folder"/*.log >&2
    exit 1
}
cd "$folder"
printf 'shop:secret\n' >tokens
"$program" serve --run "$run" --read-only --port 0 --token-file tokens >service.out 2>service.log &
pids+=($!)
for _ in $(seq 100); do grep -qs listening service.out && break || sleep 0.1; done
service=$(grep -oE '127.0.0.1:[0-9]+' service.out) || fail "the service does not start"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=recommendations.example.com \
    -addext subjectAltName=DNS:recommendations.example.com -keyout recommendations.key -out recommendations.crt 2>/dev/null
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
https=$(free) http=$(free)
{
    echo "daemon off; pid $folder/pid; error_log $folder/nginx.log; events {} http { access_log off;"
    for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $folder/$kind;"; done
    sed -e "s/127.0.0.1:8080/$service/" -e "s/listen 443/listen 127.0.0.1:$https/" -e "s/listen 80/listen 127.0.0.1:$http/" \
        -e "s#/etc/nginx/tls#$folder#" "$conf"
    echo "}"
} >whole.conf
nginx -q -t -c "$folder/whole.conf" -g "user $(id -un);" 2>test.log || fail "nginx refuses the configuration"
nginx -c "$folder/whole.conf" -g "user $(id -un);" 2>start.log &
pids+=($!)
sleep 0.5
ask() { curl -sS --max-time 10 --cacert recommendations.crt --resolve "recommendations.example.com:$https:127.0.0.1" "$@"; }
at="https://recommendations.example.com:$https"
[[ $(ask -o page -w '%{http_code} %{http_version}' "$at/") == "200 2" ]] || fail "the page by HTTP/2"
grep -q '<title>Sagebrush</title>' page || fail "the page is another one"
[[ $(ask -o /dev/null -w '%{http_code}' "$at/assets/app.js") == 200 ]] || fail "a script of the page"
ask -D headers -o /dev/null "$at/ready"
grep -qi '^strict-transport-security' headers && grep -qi '^sagebrush-run' headers || fail "headers"
[[ $(ask -o /dev/null -w '%{http_code}' "$at/v1/users/1/recommendations") == 401 ]] || fail "no token, and answered"
ask -H 'Authorization: Bearer secret' "$at/v1/users/a%2Fb%20c/recommendations?k=3" >list
grep -q '"user":"a/b c"' list || fail "a key with a slash: $(cat list)"
[[ $(head -c 17000000 /dev/zero | ask -o /dev/null -w '%{http_code}' --data-binary @- "$at/v1/recommendations") == 413 ]] || fail "17 MB are taken"
[[ $(ask -o /dev/null -w '%{http_code}' "$at/metrics") == 200 ]] || fail "metrics from the inside"
[[ $(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/") == 301 ]] || fail "HTTP leads to HTTPS"
# Many requests share the connections that nginx keeps open.
for _ in $(seq 200); do echo "url = $at/v1/items?limit=1"; echo "output = /dev/null"; done >urls
ask --no-progress-meter -H "Authorization: Bearer secret" -K urls -w '%{http_code}\n' --parallel | sort | uniq -c >codes
grep -qE '^ *200 200$' codes || fail "200 requests: $(cat codes)"
kill "${pids[0]}" && sleep 0.5
[[ $(ask -o /dev/null -w '%{http_code}' "$at/ready") == 502 ]] || fail "a service that is gone"
echo "nginx: TLS, HTTP/2, tokens, keys, limits, metrics, 200 requests and a service that is gone: as they should be"
