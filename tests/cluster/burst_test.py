"""Proves L9 on a real cluster: pods go to a virtual node only when the machine has no room, within the cap, and come home as soon as
a second machine is there, before the load ends; never fewer are Ready than wanted, and no request is lost. The same when the
coordinator is killed again and again.

It raises a cluster of its own: one machine and one virtual node, as Lab 3 has them (deploy/local/labs). The witness is a process of
its own that reads the Kubernetes API and nothing of Evenkeel's. Seconds are printed; none is asserted, since the machine may be
busy with other things.
"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "local"))

from evenkeel_local import product  # noqa: E402
from evenkeel_local.burst_lab import BurstLab, with_one_machine  # noqa: E402
from evenkeel_local.cluster import Cluster  # noqa: E402
from evenkeel_local.progress import Progress  # noqa: E402
from kills import Nuisance, kill_coordinator  # noqa: E402

NAME = "burst"
CAP = 16  # As the policy has it.
KILLS = 10


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

    def test_pods_burst_and_come_home(self):
        outcome = self.lab.run()
        self.assert_whole(outcome)
        self.assertTrue(outcome.cost, "nobody has told what it cost")

    def test_the_coordinator_is_killed_at_any_moment(self):
        with Nuisance(lambda: kill_coordinator(self.cluster), seed=4, times=KILLS, pauses_s=(2, 15)) as kills:
            outcome = self.lab.run()
        kills.check()
        print(f"the coordinator was killed {kills.done} times", flush=True)
        self.assert_whole(outcome)
        self.assertGreater(kills.done, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
