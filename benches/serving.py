#!/usr/bin/env python3
"""Requests a second and latencies of `sagebrush serve`, by `wrk` on the same machine.

    benches/serving.py --program target/release/sagebrush --run RUN [--history 20] [--connections 16 64] [--seconds 10]

Each request asks for the list of a user of the run, drawn at random, or with --history N for that of somebody new who has
N random items. Medians of three rounds, and what the service takes of memory.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

ROUNDS = 3
# `wrk` says latencies in these units.
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def started(program: str, run: str) -> tuple[subprocess.Popen, str, float]:
    """A service on a free port, its address, and the seconds until it answered."""
    begun = time.monotonic()
    command = [program, "serve", "--run", run, "--port", "0", "--read-only"]
    service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = service.stdout.readline()
    found = re.search(r"http://\S+?:\d+", said)
    if not found:
        raise SystemExit(f"the service did not start: {said!r}")
    with urllib.request.urlopen(f"{found[0]}/ready") as answer:
        answer.read()
    return service, found[0], time.monotonic() - begun


def lua(users: list[str], k: int) -> str:
    keys = ",".join(f'"{quote(user, safe="")}"' for user in users)
    return f"""local keys = {{{keys}}}
math.randomseed(42)
request = function()
  return wrk.format("GET", "/v1/users/" .. keys[math.random(#keys)] .. "/recommendations?k={k}")
end
"""


def lua_of_histories(items: list[str], n: int, k: int) -> str:
    keys = ",".join(json.dumps(json.dumps(item)) for item in items)
    return f"""local keys = {{{keys}}}
math.randomseed(42)
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  local history = {{}}
  for at = 1, {n} do history[at] = keys[math.random(#keys)] end
  return wrk.format(nil, "/v1/recommendations", nil,
    '{{"histories": [[' .. table.concat(history, ",") .. ']], "filters": {{"k": {k}}}}}')
end
"""


def load(address: str, script: Path, connections: int, seconds: int) -> tuple[float, float, float]:
    """Requests a second, and the median and the 99th percentile of latency in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), address]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"not all requests were answered:\n{text}")

    def latency(percent: str) -> float:
        number, unit = re.search(rf"^\s*{percent}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE).groups()
        return float(number) * UNITS[unit]

    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), latency("50"), latency("99")


def mib(pid: int, what: str) -> float:
    """Memory by the name that the system gives it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+)", status)[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--history", type=int, metavar="N")
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("-k", type=int, default=10)
    args = parser.parse_args()
    whose = "items.json" if args.history else "users.json"
    keys = [str(key) for key in json.loads(Path(args.run, whose).read_text())]
    keys = random.Random(1).sample(keys, min(len(keys), 20_000))
    service, address, seconds = started(args.program, args.run)
    print(f"answering after {seconds:.2f} s, with {mib(service.pid, 'VmRSS'):,.0f} MiB", flush=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "requests.lua"
            text = lua_of_histories(keys, args.history, args.k) if args.history else lua(keys, args.k)
            script.write_text(text)
            load(address, script, 4, 1)
            print("| connections | requests a second | median, ms | 99%, ms |\n|---|---|---|---|")
            for connections in args.connections:
                rounds = [load(address, script, connections, args.seconds) for _ in range(ROUNDS)]
                per_second, median, slowest = (statistics.median(column) for column in zip(*rounds))
                print(f"| {connections} | {per_second:,.0f} | {median:.2f} | {slowest:.2f} |", flush=True)
        print(f"memory {mib(service.pid, 'VmRSS'):,.0f} MiB, of which files {mib(service.pid, 'RssFile'):,.0f}; "
              f"at the peak {mib(service.pid, 'VmHWM'):,.0f}")
    finally:
        service.terminate()
        service.wait()


if __name__ == "__main__":
    main()
