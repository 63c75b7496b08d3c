"""Proves on a real cluster that what has killed healthy workloads under other systems, or left dead ones in place, does
neither here. The incidents that were a matter of one process (an agent's roll-out, a paused coordinator, an API server that
comes back) are in no_false_alarm_test; here are those of networks and of watches."""
import signal
import unittest

import stage
from evenkeel_local import product

# Several times as long as detection, judgement and a second look take together.
TIME_FOR_HARM_S = 12
ALIVE_BUT_UNHEARD = ("PARTITIONED", "AGENT_LOST")


class OneWayPartitions(stage.StageCase):
    """A firewall that drops one direction only: the classic of which two halves of a system believe different things."""

    def setUp(self):
        super().setUp()
        self.worker = self.node_with("app=helloworld")
        self.addCleanup(self._heal)

    def _heal(self):
        for node in self.stage.nodes:
            self.stage.heal(node)

    def verdict(self):
        return stage.verdicts(self.stage)[self.worker.name]

    def expect_no_death(self):
        self.wait(lambda: self.verdict() in ALIVE_BUT_UNHEARD, "the node to be judged alive but not heard")
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        self.assertIn(self.verdict(), ALIVE_BUT_UNHEARD)
        self._heal()
        self.wait(lambda: self.verdict() == "HEALTHY", "the node to be heard again", 120)
        self.assert_nothing_removed()

    def test_what_a_node_sends_the_control_plane_is_lost(self):
        self.stage.partition(self.stage.control, source=self.worker)
        self.expect_no_death()

    def test_what_the_control_plane_sends_a_node_is_lost(self):
        self.stage.partition(self.worker, source=self.stage.control)
        self.expect_no_death()

    def test_what_its_peers_send_a_node_is_lost(self):
        for peer in self.stage.workers():
            if peer != self.worker:
                self.stage.partition(self.worker, source=peer)
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        self.assertEqual("HEALTHY", self.verdict(), "a node that beats is not asked about")


class CutOffZone(stage.StageCase):
    """Seen from outside, a zone behind a broken switch looks as a zone without power does."""

    ZONE = "topology.kubernetes.io/zone"

    def _label(self, node, zone):
        self.stage.kubectl("label", "node", node.name, f"{self.ZONE}={zone}", "--overwrite")

    def test_a_zone_that_is_cut_off_is_not_a_zone_of_dead_nodes(self):
        first, second, _ = self.stage.workers()
        self.addCleanup(self._label, second, second.zone)
        self._label(second, first.zone)
        zone = (first, second)
        carried = [pod for node in zone for pod in stage.pods_on(self.stage, node)]
        self.assertTrue(carried, "there is something to lose in the zone")
        for node in zone:
            self.stage.partition(node)
        try:
            self.wait(lambda: self.new_decisions("BLIND"), "the decision that it is blind to them")
            self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        finally:
            for node in zone:
                self.stage.heal(node)
        self.wait(lambda: set(stage.verdicts(self.stage).values()) == {"HEALTHY"}, "the zone to be heard again", 120)
        self.assert_nothing_removed()


class BrokenWatches(stage.StageCase):
    def wait_for_api_state(self, state):
        self.wait(lambda: stage.resources(self.stage, "clusters")[0]["apiState"] == f"API_STATE_{state}",
                  f"the coordinator to call the API {state}", 90)

    def kubectl(self, *arguments):
        self.stage.kubectl("-n", stage.APPLICATIONS, *arguments)

    def test_ten_changes_that_a_coordinator_missed_make_it_do_nothing(self):
        """Two minutes without the API server, while the world goes on; then its picture is the world's again."""
        worker = self.node_with("app=ledger")
        self.stage.cut_pod_from_api("evenkeel", product.coordinator_pod(self.stage))
        self.addCleanup(self.stage.heal, self.stage.control)
        self.wait_for_api_state("UNREACHABLE")
        helloworlds = [pod["metadata"]["name"] for pod in stage.pods(self.stage, "app=helloworld").values()]
        changes = (("scale", "deployment/helloworld", "--replicas=6"),
                   ("delete", "pod", helloworlds[0], "--wait=false"),
                   ("cordon", worker.name),
                   ("delete", "pod", "ledger-0", "--wait=false"),
                   ("label", "node", worker.name, "evenkeel.dev/seen=no"),
                   ("delete", "pod", helloworlds[1], "--wait=false"),
                   ("uncordon", worker.name),
                   ("scale", "deployment/helloworld", "--replicas=3"),
                   ("label", "node", worker.name, "evenkeel.dev/seen-"),
                   ("scale", "deployment/helloworld", "--replicas=4"))
        self.assertEqual(10, len(changes))
        for change in changes:
            self.kubectl(*change)
            stage.fault_lasts(120 / len(changes))
        self.wait(self._all_ready, "Kubernetes to have done what was asked of it")
        self.assertEqual([], self.new_decisions("FAILOVER"), "nobody died while it could not look")
        self.pods_before = stage.pods(self.stage)
        self.stage.heal(self.stage.control)
        self.wait_for_api_state("READY")
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        # And what it knows is of today: the ledger's new node is failed over, with the pods that are there now.
        host = self.node_with("app=helloworld")
        names = {pod["metadata"]["name"] for pod in stage.pods_on(self.stage, host, "app=helloworld").values()}
        self.stage.power_off(host)
        (failover,) = self.wait(lambda: [d for d in self.new_decisions("FAILOVER") if d["state"] == "STATE_SUCCEEDED"],
                                f"the failover of {host.name}")
        deleted = {action["target"].rsplit("/", 1)[-1] for action in failover["actions"]}
        self.assertTrue(names <= deleted, f"{names} were to be moved, {deleted} were touched")

    def _all_ready(self):
        found = stage.pods(self.stage)
        return len(found) == 5 and all(map(stage.is_ready, found.values()))

    def test_a_node_that_dies_while_the_api_server_hangs_is_failed_over_when_it_answers(self):
        """Elsewhere a stalled watch showed a dead node Ready for ever."""
        worker = self.node_with("app=helloworld")
        self.stage.signal_api_server(signal.SIGSTOP)
        try:
            self.stage.power_off(worker)
            self.wait_for_api_state("UNREACHABLE")
            self.assertEqual([], [d for d in self.new_decisions("FAILOVER") if d["state"] == "STATE_SUCCEEDED"])
        finally:
            self.stage.signal_api_server(signal.SIGCONT)
        self.wait(lambda: [d for d in self.new_decisions("FAILOVER") if d["state"] == "STATE_SUCCEEDED"],
                  f"the failover of {worker.name}", 120)
        self.assertEqual({worker.name}, stage.tainted(self.stage))
        self.assertEqual(1, len(self.new_decisions("FAILOVER")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
