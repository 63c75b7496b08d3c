"""Proves L9 on a real cluster: pods go to a virtual node only when the machine has no room, within the cap, and come home as soon as
a second machine is there, before the load ends; never fewer are Ready than wanted, and no request is lost: whenever the
coordinator is killed, again and again. And what nobody measures any more is not taken away.

It raises a cluster of its own: one machine and one virtual node, as Lab 3 has them (deploy/local/labs). The witness is a process of
its own that reads the Kubernetes API and nothing of Evenkeel's. Seconds are printed; none is asserted, since the machine may be
busy with other things.
"""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "local"))

from evenkeel_local import product  # noqa: E402
from evenkeel_local.burst_lab import MAXIMUM, BurstLab, with_one_machine  # noqa: E402
from evenkeel_local.cluster import VIRTUAL, Cluster  # noqa: E402
from evenkeel_local.progress import Progress  # noqa: E402
from evenkeel_local.waiting import wait_for  # noqa: E402
from kills import Nuisance, kill_coordinator  # noqa: E402

NAME = "burst"
CAP = 16  # As the policy has it.
KILLS = 10
UNSEEN_S = 30
KUBELET_PORT = 10250


class Burst(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(NAME)
        with_one_machine(cls.cluster, Progress(quiet=True))
        product.deploy(cls.cluster, Progress(quiet=True))
        cls.lab = BurstLab(cls.cluster, product.command(cls.cluster), Progress(quiet=True))
        cls.lab.prepare()

    @classmethod
    def tearDownClass(cls):
        if cls.cluster.exists():
            cls.cluster.down()

    def setUp(self):
        with_one_machine(self.cluster, Progress(quiet=True))

    def assert_whole(self, outcome):
        print(f"{self.id().rsplit('.', 1)[1]}: {outcome}", flush=True)
        self.assertGreater(outcome.peak_virtual_pods, 0)
        self.assertLessEqual(outcome.peak_virtual_pods, CAP)
        self.assertEqual(outcome.virtual_pods_at_end, 0)
        self.assertEqual(outcome.ready_deficit_max, 0)
        self.assertEqual(outcome.failed, 0)

    def test_pods_burst_and_come_home_whenever_the_coordinator_is_killed(self):
        with Nuisance(lambda: kill_coordinator(self.cluster), seed=4, times=KILLS, pauses_s=(2, 15)) as kills:
            outcome = self.lab.run()
        kills.check()
        print(f"the coordinator was killed {kills.done} times", flush=True)
        self.assert_whole(outcome)
        self.assertTrue(outcome.cost, "nobody has told what it cost")
        self.assertGreater(kills.done, 0)

    def test_samples_of_all_virtual_pods_are_lost_and_no_pod_is_taken_away(self):
        """The virtual node's kubelet, which measures its pods, is not reached for more than a minute; they carry the load all the
        same. A virtual node may measure slowly, so that a sample stands for 45 s before its pod counts as not seen."""
        with self.lab.burst() as burst:
            begun_s, least = time.monotonic(), burst.witness.now().wanted
            virtual = next(node for node in self.cluster.nodes if node.role == VIRTUAL)
            self.addCleanup(self.cluster.heal, virtual)
            self.cluster.partition(virtual, source=self.cluster.control, port=KUBELET_PORT)
            wait_for(lambda: not self.scaler_sees_all(), "the scaler to say that pods are not seen", deadline_s=120)
            time.sleep(UNSEEN_S)  # A fault's length is part of the test.
            self.assertFalse(self.scaler_sees_all())
            self.cluster.heal(virtual)
            wait_for(self.scaler_sees_all, "all pods to be seen again", deadline_s=60)
            story = [each.wanted for each in burst.witness.since(begun_s)]
            self.assertGreaterEqual(min(story), least, story)
            self.assertLessEqual(max(story), MAXIMUM, story)
            requests, failed = self.lab.end_load(burst)
            print(f"{self.id().rsplit('.', 1)[1]}: replicas {story}, {failed} of {requests} requests lost", flush=True)
            self.assertEqual((0, 0), (burst.view.virtual, failed))

    def scaler_sees_all(self):
        found = json.loads(product.command(self.cluster).run("get", "scalers", "-o", "json"))["items"]
        return any(each["type"] == "Seen" and each.get("holds") for scaler in found for each in scaler["conditions"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
