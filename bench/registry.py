"""The registry's figures: speed, server CPU and memory, beside another registry on the same machine.

    cargo xtask bench registry [--peer URL --peer-pid PID] [--only NAME ...]

The server is the release binary as users run it, with tokens and IAM on, spoken to over plain HTTP on the
loopback. CPU is the server's own, from /proc/<pid>/stat: it holds better than wall time on a machine that is
shared. The peer is Debian's docker-registry (distribution) on its filesystem driver unless another is named.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from conftest import Stack

TICK = os.sysconf("SC_CLK_TCK")
MB = 1_000_000
BLOB = int(os.environ.get("BENCH_BLOB_MB", "500")) * MB
SEED_REPOS = int(os.environ.get("BENCH_REPOS", "1000"))
SEED_IMAGES = int(os.environ.get("BENCH_IMAGES", "100"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TAGS = [int(n) for n in os.environ.get("BENCH_TAGS", "2000,10000,100000").split(",")]
SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))


class Side:
    """One registry: where it is, which process, and what it was measured at."""

    def __init__(self, name, url, pid, auth=None, create=None):
        self.name, self.url, self.pid, self.auth = name, url, pid, auth
        self.create = create or (lambda repo: None)
        self.figures, self.digests = {}, {}

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def resident(self, what="VmRSS"):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(what + r":\s+(\d+)", status)[1]) / 1024

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def client(self, *args):
        command = [os.environ["GANTRY_BENCH"], "registry", "--url", self.url]
        if self.auth:
            command += ["--auth", self.auth]
        before = self.cpu()
        out = subprocess.run([*command, *map(str, args)], capture_output=True, text=True)
        assert out.returncode == 0, f"{self.name} {args}: {out.stderr[-2000:]}"
        answer = json.loads(out.stdout)
        answer["cpu"] = self.cpu() - before
        return answer

    def wrk(self, path, accept=None, seconds=SECONDS):
        headers = [f"Authorization: {self.auth}"] if self.auth else []
        headers += [f"Accept: {accept}"] if accept else []
        command = ["wrk", "-t2", "-c32", f"-d{seconds}s", *[x for h in headers for x in ("-H", h)], self.url + path]
        before = self.cpu()
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in out, out
        count = int(re.search(r"(\d+) requests in", out)[1])
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
        return rate, (self.cpu() - before) / count * 1e6

    def note(self, figure, text, number=None):
        self.figures[figure] = (text, number)
        print(f"{self.name}: {figure}: {text}", flush=True)


def transfer(side, figure, answer):
    gb = answer["bytes"] / 1e9
    side.note(figure, f"{answer['cpu'] / gb:.2f} CPU s/GB, {answer['bytes'] / MB / answer['seconds']:.0f} MB/s", answer["cpu"] / gb)


def blobs(side):
    side.create("blobs")
    side.client("push", "--repo", "blobs", "--bytes", MB)
    for name, mode in (("push", "whole"), ("push streamed", "streamed")):
        best = None
        for _ in range(ROUNDS):
            answer = side.client("push", "--repo", "blobs", "--bytes", BLOB, "--mode", mode)
            best = answer if best is None or answer["cpu"] < best["cpu"] else best
        transfer(side, f"{name} of 1 x {BLOB // MB} MB", best)
        side.digests["large"] = best["digests"]
    many = side.client("push", "--repo", "blobs", "--bytes", BLOB // 20, "--count", 20)
    transfer(side, f"push of 20 x {BLOB // 20 // MB} MB", many)
    for name, digests in ((f"pull of 1 x {BLOB // MB} MB", side.digests["large"] * 4), (f"pull of 20 x {BLOB // 20 // MB} MB", many["digests"] * 4)):
        transfer(side, name, side.client("pull", "--repo", "blobs", "--digests", ",".join(digests)))


def small(side):
    side.create("small0")
    side.client("seed", "--prefix", "small", "--repos", 1, "--images", 50)
    rate, us = side.wrk("/v2/small0/manifests/t7", "application/vnd.oci.image.manifest.v1+json")
    side.note("manifest GET by tag, wrk -t2 -c32", f"{us:.1f} µs CPU, {rate / 1000:.1f}k/s", us)
    digest = side.client("push", "--repo", "small0", "--bytes", 512)["digests"][0]
    rate, us = side.wrk(f"/v2/small0/blobs/{digest}")
    side.note("512 B blob GET, wrk -t2 -c32", f"{us:.1f} µs CPU, {rate / 1000:.1f}k/s", us)


def writes(side):
    """PUT/s into one repository as it grows, and what an image costs."""
    have = 0
    side.create("grow0")
    for tags in TAGS if side.name == "gantry" else TAGS[:1]:
        side.client("seed", "--prefix", "grow", "--repos", 1, "--images", tags - have, "--from", have)
        have = tags
        answer = side.client("put", "--repo", "grow0", "--tags", tags, "--seconds", SECONDS)
        us = answer["cpu"] / answer["calls"] * 1e6
        side.note(f"manifest PUT, 8 writers, {tags:,} tags", f"{answer['per_second']:.0f}/s, p99 {answer['p99_ms']:.1f} ms, {us:.0f} µs CPU",
                  answer["per_second"])


def memory(side):
    side.create("memory")
    time.sleep(2)
    idle = side.resident()
    side.forget_peak()
    side.client("push", "--repo", "memory", "--bytes", BLOB // 5, "--count", 16, "--parallel", 16)
    side.note(f"peak while 16 clients push {BLOB // 5 // MB} MB each", f"{side.resident('VmHWM') - idle:.1f} MB above idle of {idle:.1f}", side.resident("VmHWM") - idle)


def questions(side, prefix, tags):
    return {q: side.client("ask", "--repo", prefix, "--question", q, "--tags", tags, "--seconds", 3) for q in ("tag", "list")}


def first_answer(stack, side):
    """From exec to the first 200 with the token, on the state that is there; then what is resident."""
    stack.process.send_signal(signal.SIGTERM)
    stack.process.wait()
    stack.process = None
    began = time.monotonic()
    process = subprocess.Popen([os.environ["GANTRY"], "up", "--data-dir", stack.data, "--listen", f"127.0.0.1:{stack.port}"],
                               stdout=stack.log, stderr=stack.log, start_new_session=True)
    request = f"GET /v2/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: {side.auth}\r\n\r\n".encode()
    while True:
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", stack.port), timeout=60) as s:
            s.sendall(request)
            if s.recv(12) == b"HTTP/1.1 200":
                break
        time.sleep(0.0005)
    took = time.monotonic() - began
    stack.process, side.pid = process, process.pid
    time.sleep(2)
    return took * 1e3, side.resident()


def full(stack, side):
    """Start, lists and tag look-ups with 100,000 images in 1,000 repositories, against few."""
    empty_start = min(first_answer(stack, side)[0] for _ in range(3))
    idle = side.resident()
    side.create("few0")
    side.client("seed", "--prefix", "few", "--repos", 1, "--images", 200)
    few = questions(side, "few0", 200)
    for n in range(SEED_REPOS):
        side.create(f"full{n}")
    seeded = side.client("seed", "--prefix", "full", "--repos", SEED_REPOS, "--images", SEED_IMAGES)
    images = SEED_REPOS * SEED_IMAGES
    side.note(f"pushing {images:,} images into {SEED_REPOS:,} repositories", f"{seeded['per_second']:.0f}/s, {seeded['cpu'] / images * 1e6:.0f} µs CPU each")
    starts = [first_answer(stack, side) for _ in range(3)]
    start = min(s[0] for s in starts)
    side.note(f"start to first 200, {images:,} images stored", f"{start:.0f} ms (empty: {empty_start:.0f} ms)", start)
    side.note("resident", f"{idle:.1f} MB empty, {starts[-1][1]:.1f} MB with {images:,} images", starts[-1][1])
    many = questions(side, f"full{SEED_REPOS // 2}", SEED_IMAGES)
    for q, what in (("tag", "manifest by tag"), ("list", "page of 100 tags")):
        a, b = few[q], many[q]
        side.note(f"{what}, one client, full / empty", f"p99 {b['p99_ms']:.2f} / {a['p99_ms']:.2f} ms, p50 {b['p50_ms']:.2f} / {a['p50_ms']:.2f} ms",
                  b["p99_ms"] / a["p99_ms"])


@contextlib.contextmanager
def distribution():
    program = shutil.which("docker-registry")
    if not program:
        print("SKIP the peer: no docker-registry (Debian's package of that name)")
        yield None
        return
    home = pathlib.Path(tempfile.mkdtemp(prefix="gantry-bench-peer-"))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    (home / "config.yml").write_text(f"""version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {home}/data}}, delete: {{enabled: true}}}}
http: {{addr: 127.0.0.1:{port}}}
""")
    log = open(home / "log", "ab")
    process = subprocess.Popen([program, "serve", home / "config.yml"], stdout=log, stderr=log)
    try:
        for _ in range(500):
            with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Side("distribution", f"http://127.0.0.1:{port}", int(children[0]) if children else process.pid)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home)


def gantry(close):
    stack = Stack()
    close.callback(lambda: (stack.down(), stack.remove()))
    stack.start()
    ecr = stack.client("ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]

    def create(repo):
        with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=repo)

    return stack, Side("gantry", f"http://127.0.0.1:{stack.port}", stack.process.pid, f"Basic {token}", create)


GOALS = {"push ": "≤ 1.3 CPU s/GB", "pull ": "≤ 0.25 CPU s/GB", "manifest GET": "≤ 34 µs, ≥ 28k/s", "manifest PUT": "≥ 525/s, flat",
         "peak": "≤ 60 MB", "start": "< 100 ms", "manifest by": "≤ 2 x empty", "page of": "≤ 2 x empty"}


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer")
    parser.add_argument("--peer-pid", type=int)
    parser.add_argument("--only", action="append")
    args = parser.parse_args(arguments)
    wanted = lambda name: not args.only or name in args.only  # noqa: E731
    os.environ.setdefault("RUST_LOG", "warn")
    sides = []
    with contextlib.ExitStack() as close:
        sides.append(gantry(close)[1])
        if args.peer:
            sides.append(Side("peer", args.peer, args.peer_pid))
        else:
            sides.append(close.enter_context(distribution()))
        for step in (memory, blobs, small, writes):
            for side in filter(None, sides):
                if wanted(step.__name__):
                    step(side)
    if wanted("full"):
        # A server of its own: what is compared is full against empty.
        with contextlib.ExitStack() as close:
            stack, side = gantry(close)
            full(stack, side)
            sides[0].figures.update(side.figures)
    peer = sides[1].figures if sides[1] else {}
    print(f"\n| figure | Gantry | {sides[1].name if sides[1] else 'peer'} | goal |\n| --- | --- | --- | --- |")
    for figure, (text, _) in sides[0].figures.items():
        goal = next((goal for start, goal in GOALS.items() if figure.startswith(start)), "")
        print(f"| {figure} | {text} | {peer.get(figure, ('',))[0]} | {goal} |")
