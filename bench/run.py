"""Measures a release build beside podman on the same machine, in one run, and prints the table.

    cargo xtask bench [start|run|hundred|describe|registry]

Nothing takes a path that users do not take: tasks are run through the API with a signed client, images are
pushed with skopeo, both sides run the same image, and what is timed ends when the container's own first
process has done something that can be seen from outside.
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests"))
import images  # noqa: E402
import registry  # noqa: E402
from conftest import NETWORK, Stack, wait_for  # noqa: E402

ROWS = []
RUNS = int(os.environ.get("BENCH_RUNS", "20"))


def row(name, value, peer="", ratio="", goal="", raw=""):
    ROWS.append((name, value, peer, ratio, goal))
    print(f"{name}: {value} | {peer} | {ratio} | goal {goal}\n    {raw}", flush=True)


def ms(seconds):
    return f"{seconds * 1e3:.1f} ms"


def spread(values):
    v = sorted(values)
    return f"n={len(v)} min {ms(v[0])} median {ms(statistics.median(v))} max {ms(v[-1])}"


@contextlib.contextmanager
def stack(*flags):
    s = Stack(*flags)
    os.environ.setdefault("RUST_LOG", "warn")
    try:
        yield s.start()
    finally:
        s.down()
        s.remove()


def bench_start():
    """From exec on an empty directory to the first answered, signed API call; then memory at rest."""
    times, resident = [], []
    for _ in range(RUNS // 2):
        home = pathlib.Path(tempfile.mkdtemp(prefix="gantry-bench-"))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        began = time.monotonic()
        process = subprocess.Popen([os.environ["GANTRY"], "up", "--data-dir", home / "d", "--listen", f"127.0.0.1:{port}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # STS's answer needs the store, identity and the wire: it is an API call and not a health check.
        request = (b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n"
                   b"content-length: 43\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15")
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                    s.sendall(request)
                    assert s.recv(12).startswith(b"HTTP/1.1 ")
                    break
            except ConnectionError:
                time.sleep(0.001)
        times.append(time.monotonic() - began)
        time.sleep(2)
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        resident.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024)
        subprocess.run([os.environ["GANTRY"], "down", "--data-dir", home / "d"], check=True, stdout=subprocess.DEVNULL)
        process.wait()
        shutil.rmtree(home)
    row("`gantry up`, empty directory, to first answered call", ms(statistics.median(times)), goal="≤ 300 ms", raw=spread(times))
    row("resident when idle", f"{statistics.median(resident):.1f} MB", goal="≤ 60 MB", raw=str([round(r, 1) for r in resident]))


LISTEN = """
import socket, sys, time
s = socket.create_server((sys.argv[1], 9999), backlog=512)
print("ready", flush=True)
while True:
    c, _ = s.accept()
    print(time.monotonic(), flush=True)
    c.close()
"""


class Beacon:
    """A machine next to this one, in a network namespace of its own, that containers connect to with their
    first process; it tells when they did. Tasks may not reach the host itself, so it cannot be the host."""

    def __init__(self):
        self.name = f"gbench{os.getpid()}"[:13]
        self.address = "198.51.100.2"  # TEST-NET-2, RFC 5737
        for command in (
            f"ip netns add {self.name}",
            f"ip link add {self.name}h type veth peer name {self.name}n netns {self.name}",
            f"ip addr add 198.51.100.1/30 dev {self.name}h",
            f"ip link set {self.name}h up",
            f"ip netns exec {self.name} ip addr add {self.address}/30 dev {self.name}n",
            f"ip netns exec {self.name} ip link set {self.name}n up",
        ):
            subprocess.run(command.split(), check=True)
        self.process = subprocess.Popen(["ip", "netns", "exec", self.name, sys.executable, "-u", "-c", LISTEN, self.address],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def wait(self):
        return float(self.process.stdout.readline())

    def command(self):
        # busybox nc is the container's first process itself; there is no shell before it.
        return ["/bin/nc", self.address, "9999"]

    def close(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["ip", "netns", "del", self.name], check=True)


def register(s, family, image, command):
    return s.client("ecs").register_task_definition(
        family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
        containerDefinitions=[{"name": "main", "image": image, "essential": True, "entryPoint": command}],
    )["taskDefinition"]["taskDefinitionArn"]


def run_tasks(ecs, definition, count=1):
    ran = ecs.run_task(launchType="FARGATE", taskDefinition=definition, networkConfiguration=NETWORK, count=count)
    assert not ran["failures"], ran["failures"]
    return [t["taskArn"] for t in ran["tasks"]]


PODMAN = None


def podman_image():
    """The same busybox in podman's own storage; `None` says why there is no peer."""
    global PODMAN
    if PODMAN is None:
        if not shutil.which("podman"):
            PODMAN = False
        else:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="gantry-bench-"))
            images.archive(str(folder / "busybox.tar"))
            done = subprocess.run(["podman", "pull", "-q", f"oci-archive:{folder}/busybox.tar"], capture_output=True, text=True)
            PODMAN = done.stdout.strip().splitlines()[-1] if done.returncode == 0 else False
            if not PODMAN:
                print("podman cannot serve as peer:", done.stderr.strip())
    return PODMAN or None


# runc, since Debian's crun refuses this kind of host; host network spares podman all of its network set-up,
# which Gantry does have to do: the comparison leans podman's way.
PODMAN_RUN = ["podman", "run", "-d", "--rm", "--runtime", shutil.which("runc") or "runc", "--network=host",
              "--cgroup-manager=cgroupfs", "--ulimit=nofile=1024:1024",
              "--ulimit=nproc=1000:1000", "--memory=512m", "--cpus=0.25"]


def podman_run(image, command):
    return subprocess.run([*PODMAN_RUN, image, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def bench_run():
    """RunTask answered → first process running, beside `podman run` of the same image."""
    with contextlib.ExitStack() as stack_of:
        s = stack_of.enter_context(stack())
        archive = s.home / "busybox.tar"
        images.archive(str(archive))
        image = s.push("busybox", archive)
        s.client("ecs").create_cluster(clusterName="default")
        beacon = stack_of.enter_context(contextlib.closing(Beacon()))
        definition = register(s, "beacon", image, beacon.command())
        ecs = s.client("ecs")
        run_tasks(ecs, definition)
        beacon.wait()
        peer = podman_image()
        if peer and podman_run(peer, beacon.command()).returncode != 0:
            peer = None
        if peer:
            beacon.wait()
        answered, asked, theirs = [], [], []
        for _ in range(RUNS):
            time.sleep(0.3)
            began = time.monotonic()
            run_tasks(ecs, definition)
            done = time.monotonic()
            at = beacon.wait()
            answered.append(max(at - done, 0))
            asked.append(at - began)
            if peer:
                time.sleep(0.3)
                began = time.monotonic()
                failed = podman_run(peer, beacon.command())
                assert failed.returncode == 0, failed.stderr
                theirs.append(beacon.wait() - began)
        mine = statistics.median(answered)
        p = statistics.median(theirs) if theirs else None
        raw = f"answered→running {spread(answered)}; asked→running {spread(asked)}; podman {spread(theirs) if theirs else 'missing'}"
        row("RunTask answered → first process", ms(mine), f"podman run {ms(p)}" if p else "podman missing",
            f"{mine / p:.2f}" if p else "", "≤ 1/3", raw)
        if p:
            whole = statistics.median(asked)
            row("RunTask asked → first process", ms(whole), f"podman run {ms(p)}", f"{whole / p:.2f}", "", "")


def bench_hundred():
    """A hundred tasks of a cached image at once, until all are RUNNING."""
    with stack() as s:
        archive = s.home / "busybox.tar"
        images.archive(str(archive))
        image = s.push("busybox", archive)
        ecs = s.client("ecs")
        ecs.create_cluster(clusterName="default")
        definition = register(s, "sleep", image, ["/bin/sleep", "600"])
        first = run_tasks(ecs, definition)
        s.wait(first[0], "RUNNING")
        ecs.stop_task(task=first[0])
        clients = [s.client("ecs") for _ in range(10)]
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            arns = [a for some in pool.map(lambda c: run_tasks(c, definition, 10), clients) for a in some]

        def all_running():
            tasks = ecs.describe_tasks(tasks=arns)["tasks"]
            bad = [t for t in tasks if t["lastStatus"] in ("STOPPED", "DEPROVISIONING")]
            assert not bad, bad[0].get("stoppedReason")
            return all(t["lastStatus"] == "RUNNING" for t in tasks)

        wait_for("100 tasks to run", all_running, 300)
        mine = time.monotonic() - began
    peer, theirs = podman_image(), None
    if peer:
        names = []

        def one(at):
            name = f"gantry-bench-{os.getpid()}-{at}"
            names.append(name)
            done = subprocess.run([*PODMAN_RUN, "--name", name, peer, "/bin/sleep", "600"], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr

        try:
            best = None
            for workers in (4, 16):
                names.clear()
                began = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(workers) as pool:
                    list(pool.map(one, range(100)))
                took = time.monotonic() - began
                best = min(best or took, took)
                subprocess.run(["podman", "rm", "-f", "-t", "0", *names], capture_output=True)
            theirs = best
        finally:
            subprocess.run(["podman", "rm", "-f", "-t", "0", *names], capture_output=True)
    row("100 tasks at once, all RUNNING", f"{mine:.2f} s", f"podman {theirs:.2f} s" if theirs else "podman missing",
        f"{mine / theirs:.2f}" if theirs else "", "≤ 1/3", "podman: the better of 4 and of 16 at a time")


def bench_describe():
    """DescribeTasks of 100 tasks among 10,000, open loop at 500 requests a second."""
    with stack("--fargate-vcpus", "0") as s:
        ecs = s.client("ecs")
        ecs.create_cluster(clusterName="default")
        # No capacity: the tasks are real records that wait for a host; nothing runs beside the measurement.
        definition = register(s, "waiting", f"localhost:{s.port}/none:v1", ["/none"])
        clients = [s.client("ecs") for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(run_tasks, clients[n % 4], definition, 10) for n in range(1000)]
            arns = [arn for job in jobs for arn in job.result()]
        assert len(set(arns)) == 10_000
        bodies = s.home / "bodies"
        import random
        rng = random.Random(1)
        bodies.write_text("\n".join(json.dumps({"tasks": rng.sample(arns, 100)}) for _ in range(200)))
        seen = ecs.describe_tasks(tasks=json.loads(bodies.read_text().splitlines()[0])["tasks"])
        assert len(seen["tasks"]) == 100 and not seen["failures"]
        reports = []
        for _ in range(3):
            out = subprocess.run([os.environ["GANTRY_BENCH"], "load", "--url", s.env["AWS_ENDPOINT_URL"], "--target",
                                  "AmazonEC2ContainerServiceV20141113.DescribeTasks", "--bodies", bodies, "--rate", "500",
                                  "--seconds", "10"], env={**os.environ, **s.env}, capture_output=True, text=True)
            assert out.returncode == 0, out.stderr
            reports.append(json.loads(out.stdout))
        best = sorted(r["p99_ms"] for r in reports)[1]
        row("DescribeTasks of 100 among 10,000 at 500/s, p99", f"{best:.2f} ms", goal="≤ 5 ms", raw=json.dumps(reports))


def main():
    if sys.argv[1:2] == ["registry"]:
        return registry.main(sys.argv[2:])
    wanted = sys.argv[1:] or ["start", "run", "hundred", "describe"]
    for name in wanted:
        globals()["bench_" + name]()
    print("\n| figure | Gantry | peer | ratio | goal |\n| --- | --- | --- | --- | --- |")
    for r in ROWS:
        print("| " + " | ".join(r) + " |")


main()
