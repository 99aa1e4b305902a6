#!/usr/bin/env python3
"""What a service has to bear: idle and slow connections, huge and broken bodies, wrong paths and tokens, and 60 s of load
with five reloads. Prints a line a check and ends with exit code 1 where one fails. It needs Linux and nothing but Python.

    benches/serving_limits.py --program target/release/sagebrush [--seconds 60] [--idle 10000]
"""

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

failures = []


def check(what, holds, told=""):
    print(f"{'ok' if holds else 'FAILED'}: {what}{': ' + told if told else ''}", flush=True)
    if not holds:
        failures.append(what)


def resident(pid):
    """MB of memory that a process has."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1e3
    return 0.0


class Client:
    """A connection that is kept open."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def ask(self, method, path, body=b"", headers=(), timeout=30):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
        head += "".join(f"{header}\r\n" for header in headers)
        self.writer.write(head.encode("latin-1") + b"\r\n" + body)
        try:
            return await asyncio.wait_for(self.answer(), timeout)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            raise

    async def answer(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        fields = {}
        for line in head.split("\r\n")[1:]:
            if ":" in line:
                name, value = line.split(":", 1)
                fields[name.lower()] = value.strip()
        body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("connection") == "close":
            self.close()
        return status, fields, body

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Service:
    """The program, serving."""

    def __init__(self, program, folder, *arguments):
        command = [program, "serve", "--port", "0", "--read-only", "--json", *arguments]
        self.log = open(os.path.join(folder, "serve.log"), "a")
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=self.log)
        text = b""
        while True:
            text += self.process.stdout.readline()
            try:
                told = json.loads(text)
                break
            except ValueError:
                assert self.process.poll() is None, text
        self.port = int(told["address"].rsplit(":", 1)[1])
        self.pid = self.process.pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


def publish(folder, run):
    aside = os.path.join(folder, "next")
    os.symlink(run, aside)
    os.rename(aside, os.path.join(folder, "current"))


LIST = "/v1/users/43/recommendations?k=10"


async def idle(service, n):
    """Connections that say nothing, and others beside them."""
    before = resident(service.pid)
    held = []
    for at in range(0, n, 500):
        many = [asyncio.open_connection("127.0.0.1", service.port) for _ in range(min(500, n - at))]
        held += await asyncio.gather(*many)
    client = Client(service.port)
    began = time.monotonic()
    status, _, _ = await client.ask("GET", LIST)
    took = (time.monotonic() - began) * 1e3
    grown = resident(service.pid) - before
    check(f"{n} idle connections, and a list beside them", status == 200, f"{took:.1f} ms, {grown:.0f} MB more")
    check("memory of an idle connection", grown * 1e3 / n < 30, f"{grown * 1e3 / n:.1f} kB")
    for _, writer in held:
        writer.close()
    client.close()
    await asyncio.sleep(1)


async def slow(service, n, limit):
    """Senders of a byte a second hold no answer up, and are cut by the time limit of a request."""
    held = []
    head = b"POST /v1/recommendations HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
    for _ in range(n):
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(head)
        held.append((reader, writer))

    async def drip(reader, writer):
        answer = asyncio.ensure_future(reader.readuntil(b"\r\n"))
        while not answer.done():
            try:
                writer.write(b" ")
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.wait([answer], timeout=1)
        try:
            return (await answer).split(b" ")[1]
        except (asyncio.IncompleteReadError, ConnectionError):
            return b"cut"

    began = time.monotonic()
    ended = asyncio.gather(*(drip(*pair) for pair in held))
    client = Client(service.port)
    statuses = set()
    for _ in range(20):
        statuses.add((await client.ask("GET", LIST))[0])
        await asyncio.sleep(0.05)
    check(f"lists beside {n} slow senders", statuses == {200}, str(statuses))
    answers = await asyncio.wait_for(ended, limit + 20)
    took = time.monotonic() - began
    counted = {status.decode(): answers.count(status) for status in set(answers)}
    check("slow senders are cut", set(counted) <= {"504", "cut"} and took < limit + 5, f"{counted} after {took:.1f} s")
    client.close()


async def huge(service):
    """A body of 100 MB: told by its length, and in chunks of which nobody tells how many."""
    before = resident(service.pid)
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"POST /v1/recommendations HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n")
    told = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(b"POST /v1/recommendations HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    sent = 0
    try:
        while sent < 100:
            writer.write(chunk)
            await asyncio.wait_for(writer.drain(), 10)
            sent += 1
    except (ConnectionError, asyncio.TimeoutError):
        pass
    try:
        chunked = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
    except (asyncio.IncompleteReadError, ConnectionError):
        chunked = b"HTTP/1.1 cut"
    writer.close()
    check("a body of 100 MB by its length", b" 413 " in told, told.decode().strip())
    check("a body of 100 MB in chunks", b" 413" in chunked or b"cut" in chunked, f"{chunked.decode().strip()} after {sent} MB")
    grown = resident(service.pid) - before
    check("memory after huge bodies", grown < 100, f"{grown:.0f} MB more")


async def wrong(service, token):
    """Broken JSON, tricks with paths, wrong tokens: a 4xx each, never a 5xx."""
    client = Client(service.port)
    asked = [f"authorization: Bearer {token}"]
    dice = random.Random(7)
    bodies = [b"{", b"[" * 100_000, b'{"histories": [[1e400]]}', b"\xff\xfe", b'{"histories": ' + b"[" * 5000 + b"]" * 5000 + b"}"]
    seed = b'{"histories": [["0133093", 17]], "filters": {"k": 3, "only": ["1"], "diversity": 0.5}}'
    for _ in range(2000):
        body = bytearray(seed)
        for _ in range(dice.randint(1, 6)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        bodies.append(bytes(body))
    began = time.monotonic()
    statuses = {}
    for body in bodies:
        status, _, _ = await client.ask("POST", "/v1/recommendations", body, asked)
        statuses[status] = statuses.get(status, 0) + 1
    rate = len(bodies) / (time.monotonic() - began)
    check("broken and random bodies", max(statuses) < 500, f"{statuses}, {rate:.0f}/s")
    paths = ["/../../etc/passwd", "/v1/users/..%2f..%2fetc%2fpasswd/recommendations", "/v1//", "//", "/%00", "/v1/users/%ff/recommendations",
             "/v1/users/" + "a" * 8000 + "/recommendations", "/v1/users/a/recommendations?" + "exclude=x&" * 300]
    statuses = {}
    for path in paths:
        try:
            status, _, body = await client.ask("GET", path, headers=asked)
        except (asyncio.IncompleteReadError, ConnectionError):
            status, body = "cut", b""
        statuses[status] = statuses.get(status, 0) + 1
        check("no file is told", b"root:" not in body) if b"root:" in body else None
    check("tricks with paths", all(status == "cut" or status < 500 for status in statuses), str(statuses))
    statuses = set()
    for header in ["Bearer x", "Bearer", "Basic " + token, token, "Bearer " + "x" * 7000]:
        statuses.add((await client.ask("GET", LIST, headers=[f"authorization: {header}"]))[0])
    check("wrong tokens", statuses == {401}, str(statuses))
    status, _, _ = await client.ask("GET", LIST, headers=asked)
    check("and the service is up", status == 200)
    client.close()


async def load(service, folder, seconds, expected, n_clients=16):
    """Load with five reloads: nothing fails, and each answer is that of the run that it names."""
    counts = {"answers": 0, "failed": 0, "mixed": 0}
    runs = set()
    end = time.monotonic() + seconds
    paths = list(next(iter(expected.values())))

    async def ask(at):
        client = Client(service.port)
        dice = random.Random(at)
        while time.monotonic() < end:
            path = dice.choice(paths)
            try:
                status, fields, body = await client.ask("GET", path)
            except Exception:
                counts["failed"] += 1
                continue
            run = fields["sagebrush-run"]
            runs.add(run)
            counts["answers"] += 1
            counts["failed"] += status != 200
            counts["mixed"] += body != expected[run][path]
        client.close()

    async def served():
        client = Client(service.port)
        _, fields, _ = await client.ask("GET", "/version")
        client.close()
        return fields["sagebrush-run"]

    async def reload():
        memory, start = [], time.monotonic()
        for at in range(5):
            await asyncio.sleep(max(0, start + (at + 1) * seconds / 6 - time.monotonic()))
            before = await served()
            publish(folder, "b" if at % 2 == 0 else "a")
            while await served() == before and time.monotonic() < end + 30:
                await asyncio.sleep(0.2)
            await asyncio.sleep(1)
            memory.append(resident(service.pid))
        return memory

    *_, memory = await asyncio.gather(*(ask(at) for at in range(n_clients)), reload())
    rate = counts["answers"] / seconds
    check(f"{seconds} s of load with five reloads", counts["failed"] == 0 and counts["mixed"] == 0 and len(runs) == 2,
          f"{counts}, {rate:.0f} answers/s by this client, {len(runs)} runs")
    told = ", ".join(f"{one:.0f}" for one in memory)
    check("memory after each reload is flat", max(memory) < 1.3 * memory[0] + 20, f"{told} MB")
    client = Client(service.port)
    _, _, metrics = await client.ask("GET", "/metrics")
    reloads = [line for line in metrics.decode().splitlines() if line.startswith("sagebrush_reloads_total")]
    check("five reloads were done", reloads == ['sagebrush_reloads_total{result="done"} 5'], str(reloads))
    client.close()


def lists_of(program, folder, run):
    """The answers of a run alone, by its id and the path."""
    service = Service(program, folder, "--run", run)

    async def all_lists():
        client = Client(service.port)
        lists = {}
        for user in range(1, 200):
            path = f"/v1/users/{user}/recommendations?k=10"
            _, fields, body = await client.ask("GET", path)
            lists[path] = body
        client.close()
        return fields["sagebrush-run"], lists

    found = asyncio.run(all_lists())
    service.stop()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--idle", type=int, default=10_000)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = options.idle + 2000
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, min(most, 65_536)), max(most, wanted)))
    except (ValueError, PermissionError):
        print(f"skipped: {most} files may be open, and {wanted} are needed for {options.idle} idle connections")
        options.idle = max(0, most - 1000)
    with tempfile.TemporaryDirectory() as folder:
        train = [program, "train", "--bundled", "-q", "--out"]
        subprocess.run([*train, "a", "--model", "ials"], cwd=folder, check=True)
        subprocess.run([*train, "b", "--model", "ials", "--set", "ials.alpha=5"], cwd=folder, check=True)
        expected = dict(lists_of(program, folder, run) for run in "ab")
        publish(folder, "a")
        with open(os.path.join(folder, "tokens.txt"), "w") as tokens:
            tokens.write("shop:secret\n")
        service = Service(program, folder, "--run", "a", "--max-connections", str(options.idle + 1000), "--request-timeout", "5")
        asyncio.run(idle(service, options.idle))
        asyncio.run(slow(service, 200, 5))
        asyncio.run(huge(service))
        check("it ends as it should", service.stop() == 0)
        service = Service(program, folder, "--run", "a", "--token-file", "tokens.txt")
        asyncio.run(wrong(service, "secret"))
        check("it ends as it should", service.stop() == 0)
        service = Service(program, folder, "--run", "current", "--watch")
        asyncio.run(load(service, folder, options.seconds, expected))
        check("it ends as it should", service.stop() == 0)
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
