#!/usr/bin/env python3
"""Requests a second and latencies of `sagebrush serve`, by `wrk` on the same machine.

    benches/serving.py --program target/release/sagebrush --run RUN --users FILE [--connections 16 64] [--seconds 10]

FILE has a user's key a line; each request asks for the list of one of them, drawn at random. Medians of three rounds.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

ROUNDS = 3
# `wrk` says latencies in these units.
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def started(program: str, run: str) -> tuple[subprocess.Popen, str]:
    """A service on a free port, and its address."""
    command = [program, "serve", "--run", run, "--port", "0", "--read-only"]
    service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = service.stdout.readline()
    found = re.search(r"http://\S+?:\d+", said)
    if not found:
        raise SystemExit(f"the service did not start: {said!r}")
    return service, found[0]


def lua(users: list[str], k: int) -> str:
    keys = ",".join(f'"{quote(user, safe="")}"' for user in users)
    return f"""local keys = {{{keys}}}
math.randomseed(42)
request = function()
  return wrk.format("GET", "/v1/users/" .. keys[math.random(#keys)] .. "/recommendations?k={k}")
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


def resident_mib(pid: int) -> float:
    """Memory at the peak."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--users", required=True, type=Path)
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("-k", type=int, default=10)
    args = parser.parse_args()
    users = args.users.read_text().split("\n")[:20_000]
    users = [user for user in users if user]
    service, address = started(args.program, args.run)
    try:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "requests.lua"
            script.write_text(lua(users, args.k))
            load(address, script, 4, 1)
            print("| connections | requests a second | median, ms | 99%, ms |\n|---|---|---|---|")
            for connections in args.connections:
                rounds = [load(address, script, connections, args.seconds) for _ in range(ROUNDS)]
                per_second, median, slowest = (statistics.median(column) for column in zip(*rounds))
                print(f"| {connections} | {per_second:,.0f} | {median:.2f} | {slowest:.2f} |")
        print(f"peak memory of the service {resident_mib(service.pid):,.0f} MiB")
    finally:
        service.terminate()
        service.wait()


if __name__ == "__main__":
    main()
