"""Proves L5 on a real cluster: a StatefulSet's pod with a volume of its own moves off a node that is cut off, off, or whose
agent is frozen, once that is proven, within the computed minimum plus 5 s from the verdict on, and never do two of its pods
write.

The witness is the volume itself: one file that both pods would append to, every 10 ms, with a clock that all nodes of this
machine share. Machines here have no watchdog; `Watchdog` stands in for one, as a pipe that the agent feeds and a power
switch behind it.
"""
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import stage
from evenkeel_local import commands, images, product

ISOLATION_S, STOP_S, WATCHDOG_S = 6, 4, 5
# As coordinator/core/fencing_time.h has it.
MINIMUM_S = (ISOLATION_S + STOP_S + 2 * WATCHDOG_S) * 1.01 + 0.25
ALLOWANCE_S = 5
HERE = pathlib.Path(__file__).resolve().parent
IMAGE = "evenkeel.dev/test/journal:1"
FOLDER = "/run/evenkeel/fence"  # of the host, and the agent's
WATCHDOG = f"{FOLDER}/watchdog"


def policy(fencing: dict) -> str:
    # As policy.yaml, with fencing.
    return json.dumps({"apiVersion": "evenkeel.dev/v1", "kind": "FailoverPolicy", "metadata": {"name": "test"}, "spec": {
        "cluster": stage.NAME, "mode": "enforce", "readmitAfter": "10s", "maxReadmitAfter": "20s", "fencing": fencing}})


SELF_FENCING = {"selfFencing": True, "isolationTimeout": f"{ISOLATION_S}s", "stopTimeout": f"{STOP_S}s"}


def _seconds(timestamp: str) -> float:
    # They come with up to nine decimals; Python reads six.
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", timestamp).replace("Z", "+00:00")).timestamp()


class Watchdog:
    """One machine's watchdog: whoever has begun to feed it must go on, or the power goes."""

    def __init__(self, cluster, node):
        self._cluster, self._node, self.fired, self.fed = cluster, node, False, False
        machine = cluster.machine(node)
        machine.run("sh", "-c", f"mkdir -p {FOLDER} && rm -f {WATCHDOG} && mkfifo -m 600 {WATCHDOG}")
        # Opened for reading and writing, so that an agent that ends does not end it.
        self._pipe = subprocess.Popen(machine.command_for("sh", "-c", f"exec cat 0<>{WATCHDOG}"),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        due = None
        while not self._stopping.is_set():
            if select.select([self._pipe.stdout], [], [], 0.1)[0]:
                said = os.read(self._pipe.stdout.fileno(), 4096)
                if not said:  # the machine is off
                    return
                self.fed = True
                due = None if said.endswith(b"V") else time.monotonic() + WATCHDOG_S
            if due is not None and time.monotonic() > due:
                self.fired = True
                self._cluster.power_off(self._node)
                return

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._pipe.kill()
        self._pipe.wait()
        self._pipe.stdout.close()  # which ends the program at the pipe's other end


class Fencing(stage.StageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.volume = cls.stage.folder / "images" / "journal"
        cls.volume.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "root"
            root.mkdir()
            commands.run(["gcc", "-static", "-Os", "-s", "-o", root / "journal", HERE / "journal/journal.c"])
            archive = pathlib.Path(folder) / "journal.tar"
            images.archive(IMAGE, root, ["/journal"], archive)
            cls.stage.load_image(archive)
        cls.stage.kubectl("apply", "-f", str(HERE / "journal/journal.yaml"))

    @classmethod
    def tearDownClass(cls):
        cls.stage.kubectl("delete", "-f", str(HERE / "journal/journal.yaml"), "--wait=false")
        product.command(cls.stage).run("apply", "-f", str(HERE / "policy.yaml"))
        cls._set_agents({"EVENKEEL_WATCHDOG_DEVICE": None, "EVENKEEL_WATCHDOG_TIMEOUT": None})
        shutil.rmtree(cls.volume, ignore_errors=True)

    def setUp(self):
        super().setUp()
        self.watchdogs = {}
        self.addCleanup(lambda: [watchdog.stop() for watchdog in self.watchdogs.values()])

    @classmethod
    def _set_agents(cls, environment):
        words = [f"{name}={value}" if value else f"{name}-" for name, value in environment.items()]
        cls.stage.kubectl("-n", "evenkeel", "set", "env", "daemonset/evenkeel-agent", *words)
        cls.stage.kubectl("-n", "evenkeel", "rollout", "status", "daemonset/evenkeel-agent", "--timeout=180s", timeout_s=200)

    def enable(self, fencing, watchdogs=True):
        """Puts the policy into force, and waits until the journal's node can be relied on to fence itself."""
        product.command(self.stage).run("apply", "-f", "-", input_text=policy(fencing))
        if watchdogs:
            # Not the control plane's: an agent that starves for some seconds would have the API server powered off. Its agent
            # finds no device, and nobody relies on it.
            self.watchdogs = {node.name: Watchdog(self.stage, node) for node in self.stage.workers()}
            self._set_agents({"EVENKEEL_WATCHDOG_DEVICE": f"/host{WATCHDOG}", "EVENKEEL_WATCHDOG_TIMEOUT": f"{WATCHDOG_S}s"})
        self.wait(self.writer, "the journal's pod to be Ready", 120)
        worker = self.stage.node(self.writer()["spec"]["nodeName"])
        if watchdogs:
            # Seen from its side: the file in which it keeps its promise names the pod.
            uid = self.writer()["metadata"]["uid"]
            self.wait(lambda: uid in self._promise(worker), f"{worker.name} to be armed", 60)
            self.wait(lambda: self.watchdogs[worker.name].fed, f"the watchdog of {worker.name} to be fed", 60)
            # And from the coordinator's: a failover that begins before it has heard would rely on nothing.
            self.wait(lambda: self._is_relied_on(worker), f"the coordinator to rely on {worker.name}", 60)
        return worker

    def _is_relied_on(self, worker):
        return any(node.get("selfFencing", {}).get("armed", False) for node in stage.resources(self.stage, "nodes")
                   if node["name"].rsplit("/", 1)[1] == worker.name)

    def _promise(self, worker):
        with contextlib.suppress(Exception):
            return self.stage.machine(worker).run("sh", "-c", f"tr -cd '[:print:]' < {FOLDER}/fence")
        return ""

    def writer(self):
        """The journal's one pod, if it is Ready."""
        found = self.stage.api.get("/api/v1/namespaces/fencing/pods", labelSelector="app=journal")["items"]
        ready = [pod for pod in found if "deletionTimestamp" not in pod["metadata"] and stage.is_ready(pod)]
        return ready[0] if ready else None

    def journal(self):
        """First and last line of each pod, in seconds of the shared clock: {uid: (node, first, last)}."""
        times = {}
        for line in (self.volume / "journal").read_text().splitlines():
            words = line.split()
            if len(words) != 3:
                continue  # still being written
            node, uid, when = words[0], words[1], int(words[2]) / 1e9
            first = times[uid][1] if uid in times else when
            times[uid] = (node, first, when)
        return times

    def failover_of(self, worker):
        found = [d for d in self.new_decisions("FAILOVER") if d["node"] == worker.name]
        return found[0] if found else None

    def fail_over(self, worker, fault, within_s, from_verdict=False):
        """Lets the fault befall the journal's node, and sees its pod move: when, and never two at once.

        With `from_verdict` the time is counted from the verdict on, as the coordinator counts it: the promises of the node's
        peers, which it waits from, come right after that.
        """
        old = self.writer()["metadata"]["uid"]
        begun = time.monotonic()
        fault()
        self.wait(lambda: any(uid != old and first > begun for uid, (_, first, _) in self.journal().items()),
                  "a second writer", MINIMUM_S + 60)
        stage.fault_lasts(5)  # for the old one to show itself, if it still can
        journal = self.journal()
        new = next(uid for uid, (_, first, _) in journal.items() if uid != old and first > begun)
        last_old, first_new = journal[old][2] - begun, journal[new][1] - begun
        print(f"{self.id().rsplit('.', 1)[1]}: the old pod wrote last {last_old:.1f} s and the new one first "
              f"{first_new:.1f} s after the fault; computed minimum {MINIMUM_S:.1f} s", flush=True)
        self.assertLess(last_old, first_new, "two pods of one identity have written at the same time")
        timings = self.failover_of(worker)["timings"]
        verdict = _seconds(timings["judgeTime"]) - _seconds(timings["lastSignTime"]) if from_verdict else 0
        self.assertLess(first_new, verdict + within_s)
        return last_old, first_new

    def come_back(self, worker):
        """The node is back: the old pod must not write again, and the node is readmitted."""
        new = self.writer()["metadata"]["uid"] if self.writer() else None
        at = time.monotonic()
        self.stage.start(worker)
        self.wait(lambda: worker.name not in stage.tainted(self.stage), f"{worker.name} to be readmitted", 180)
        for uid, (node, _, last) in self.journal().items():
            self.assertFalse(uid != new and last > at, f"pod {uid} on {node} wrote again after its node was back")

    def test_a_partitioned_node_fences_itself(self):
        worker = self.enable(SELF_FENCING)
        last_old, first_new = self.fail_over(worker, lambda: self.stage.partition(worker), MINIMUM_S + ALLOWANCE_S,
                                             from_verdict=True)
        self.assertGreater(first_new, MINIMUM_S)
        self.assertLess(last_old, ISOLATION_S + STOP_S)
        self.assertFalse(self.watchdogs[worker.name].fired, "it kept its promise without the watchdog")
        # Its kubelet has been trying to start the pod again all the time.
        decision = self.failover_of(worker)
        self.assertIn("has stopped its pods that must not run twice", json.dumps(decision["evidence"]))
        self.assertTrue(decision["timings"]["fenceTime"])
        self.come_back(worker)

    def test_a_node_that_is_off_is_waited_for(self):
        worker = self.enable(SELF_FENCING)
        self.fail_over(worker, lambda: self.stage.power_off(worker), MINIMUM_S + ALLOWANCE_S, from_verdict=True)
        self.come_back(worker)

    def test_a_frozen_agent_is_the_watchdogs(self):
        worker = self.enable(SELF_FENCING)

        def freeze():
            self.stage.signal_program(worker, "evenkeel-agent", signal.SIGSTOP)
            self.stage.partition(worker)

        self.fail_over(worker, freeze, MINIMUM_S + ALLOWANCE_S, from_verdict=True)
        self.assertTrue(self.watchdogs[worker.name].fired, "the machine was reset: its agent could not stop anything")
        self.come_back(worker)

    def test_the_hook_powers_a_partitioned_node_off(self):
        asked = []
        test = self

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append(body)
                test.stage.power_off(test.stage.node(body["node"]))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"outlet is off\n")

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("0.0.0.0", 0), Hook) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://{self.stage._plan.host_address}:{server.server_port}/fence"
            self._set_coordinator(f"EVENKEEL_FENCE_HOOK_URL={url}")
            try:
                worker = self.enable({"hook": True}, watchdogs=False)
                self.fail_over(worker, lambda: self.stage.partition(worker), 15)
                self.assertEqual(worker.name, asked[0]["node"])
                self.assertIn("outlet is off", json.dumps(self.failover_of(worker)["actions"]))
                self.come_back(worker)
            finally:
                server.shutdown()
                self._set_coordinator("EVENKEEL_FENCE_HOOK_URL-")

    def _set_coordinator(self, setting):
        self.stage.kubectl("-n", "evenkeel", "set", "env", "statefulset/evenkeel-coordinator", setting)
        self.stage.kubectl("-n", "evenkeel", "rollout", "status", "statefulset/evenkeel-coordinator", "--timeout=180s",
                           timeout_s=200)
        stage.wait_until_calm(self.stage)

    def test_an_operator_confirms(self):
        worker = self.enable({}, watchdogs=False)

        def confirm():
            self.stage.power_off(worker)
            self.wait(lambda: stage.verdicts(self.stage)[worker.name] == "DEAD", "the verdict DEAD")
            product.evenkeel(self.stage, "fence", "confirm", worker.name, "--yes", "--reason", "pulled the plug")

        self.fail_over(worker, confirm, 20)
        self.assertIn("pulled the plug", json.dumps(self.failover_of(worker)["evidence"]))
        self.come_back(worker)


if __name__ == "__main__":
    unittest.main(verbosity=2)
