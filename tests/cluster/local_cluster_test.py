"""Proves what the demo and the cluster tests take for granted of deploy/local: that its nodes fail and come back as real
ones do, that an `up` finds and heals, and that `down` leaves nothing."""
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "local"))

from evenkeel_local import cgroups, network  # noqa: E402
from evenkeel_local.cluster import Cluster  # noqa: E402
from evenkeel_local.failure import Failure  # noqa: E402
from evenkeel_local.settings import STATE  # noqa: E402
from evenkeel_local.waiting import wait_for  # noqa: E402

NAME = "scratch"


def reaches(address: str, port: int = 10250) -> bool:
    """Whether something accepts connections there, as this machine sees it."""
    done = subprocess.run(["timeout", "1", "bash", "-c", f"</dev/tcp/{address}/{port}"], stderr=subprocess.DEVNULL,
                          check=False)
    return done.returncode == 0


class LocalCluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(NAME)
        cls.cluster.up(workers=1, virtual=1)

    @classmethod
    def tearDownClass(cls):
        if cls.cluster.exists():
            cls.cluster.down()

    def setUp(self):
        self.worker = self.cluster.node("node-1")
        self.address = self.cluster.address(self.worker)
        wait_for(lambda: reaches(self.address), "the worker's kubelet to answer", 30)

    def info(self, node):
        return self.cluster.api.get(f"/api/v1/nodes/{node.name}")

    def boot_id(self):
        return self.cluster.machine(self.worker).run("cat", "/proc/sys/kernel/random/boot_id").strip()

    def test_nodes_say_what_they_are(self):
        """Labels and taints tell control plane, workers and virtual nodes apart, as in clouds."""
        said = {"control": ["node-role.kubernetes.io/control-plane"], "worker": [], "virtual": ["virtual-kubelet.io/provider"]}
        # Kubernetes adds its own (node.kubernetes.io/not-ready) until it has heard of a node again that was cut off before.
        wait_for(lambda: said == {node.role: [taint["key"] for taint in self.info(node)["spec"].get("taints", [])]
                                  for node in self.cluster.nodes}, f"the nodes' taints to be {said}", 60)
        labels = self.info(self.cluster.node("virtual-1"))["metadata"]["labels"]
        self.assertEqual("virtual-kubelet", labels["type"])
        self.assertEqual("zone-1", labels["topology.kubernetes.io/zone"])

    def test_a_node_without_power_is_gone_and_boots_anew(self):
        """Nothing of it answers or runs; booted again it has another boot id, and the kubelet says so."""
        before = self.boot_id()
        self.assertTrue(reaches(self.address))
        self.cluster.power_off(self.worker)
        self.assertEqual(set(), cgroups.processes(NAME, self.worker.name))
        self.assertFalse(reaches(self.address))
        self.cluster.start(self.worker)
        self.assertNotEqual(before, self.boot_id())
        self.assertEqual(self.boot_id(), self.info(self.worker)["status"]["nodeInfo"]["bootID"])
        self.assertTrue(reaches(self.address))

    def test_a_partition_cuts_a_living_node_off(self):
        """The same processes run on behind the cut, and are reached again after it."""
        kubelet = self.cluster.machine(self.worker).processes("kubelet")
        self.cluster.partition(self.worker)
        self.assertFalse(reaches(self.address))
        self.cluster.heal(self.worker)
        wait_for(lambda: reaches(self.address), "the node to be reached again", 10)
        self.assertEqual(kubelet, self.cluster.machine(self.worker).processes("kubelet"))

    def test_a_way_is_cut_in_one_direction(self):
        """What the control plane sends the worker is lost, what the worker sends it arrives, and an `up` mends it."""
        control = self.cluster.machine(self.cluster.control)
        ask = ["curl", "--silent", "--insecure", "--max-time", "2", f"https://{self.address}:10250/healthz"]
        self.cluster.partition(self.worker, source=self.cluster.control)
        with self.assertRaises(Failure):
            control.run(*ask)
        self.assertTrue(reaches(self.address), "this machine's own way to it is another one")
        self.cluster.heal(self.worker)
        wait_for(lambda: control.run(*ask) is not None, "the worker to hear the control plane again", 10)

    def test_a_killed_kubelet_comes_back(self):
        """As systemd would have it."""
        killed = self.cluster.signal_program(self.worker, "kubelet", signal.SIGKILL)
        machine = self.cluster.machine(self.worker)
        wait_for(lambda: machine.processes("kubelet") not in ([], killed), "a new kubelet", 10)

    def test_the_api_server_goes_and_comes(self):
        """Down it stays down; started it answers."""
        address = self.cluster.address(self.cluster.control)
        self.cluster.set_api_server(up=False)
        self.assertFalse(reaches(address, 6443))
        self.cluster.set_api_server(up=True)
        self.assertEqual("ok", self.cluster.api.get("/readyz"))

    def test_up_brings_back_what_is_missing_and_touches_nothing_else(self):
        """A node that is off is booted, the others keep their boot."""
        control = self.cluster.machine(self.cluster.control).init_pid()
        self.cluster.power_off(self.worker)
        self.cluster.up()
        self.assertTrue(reaches(self.address))
        self.assertEqual(control, self.cluster.machine(self.cluster.control).init_pid())

    def test_zz_down_leaves_nothing(self):
        """No process, control group, namespace, link, mount, route or file. Runs last, by its name."""
        link = self.cluster._plan.host_link
        self.cluster.down()
        self.assertEqual(set(), cgroups.processes(NAME))
        self.assertNotIn(NAME, cgroups.clusters())
        self.assertEqual([], network.namespaces(NAME))
        self.assertFalse((STATE / NAME).exists())
        self.assertNotIn(link, subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout)
        self.assertFalse(pathlib.Path("/sys/class/net", link).exists())
        self.assertNotIn(str(STATE / NAME), pathlib.Path("/proc/self/mountinfo").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
