"""Proves L1 and L2 on a real cluster: whatever befalls agents, coordinator, kubelet and API server, as long as the nodes
live no pod is removed. Each test also sees that the fault really took place, so that none passes by missing it."""
import signal
import unittest

import stage
from evenkeel_local import product

# Longer than detection, judgement and a second look take together.
TIME_FOR_HARM_S = 8


class NoFalseAlarm(stage.StageCase):
    def test_an_agent_that_is_killed_is_an_agent_lost(self):
        worker = self.node_with("app=helloworld")
        # The kubelet starts a killed agent at once; killed again and again it backs off, and stays away for a while.
        self.wait(lambda: self._kill_until_lost(worker), "the verdict AGENT_LOST", interval_s=0.1)
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        self.wait(lambda: stage.verdicts(self.stage)[worker.name] == "HEALTHY", "the agent to be back", 120)
        self.assertTrue(self.new_decisions("AGENT_LOST"), "what happened is recorded")
        self.assert_nothing_removed()

    def _kill_until_lost(self, worker):
        self.stage.signal_program(worker, "evenkeel-agent", signal.SIGKILL)
        return stage.verdicts(self.stage)[worker.name] == "AGENT_LOST"

    def test_a_rollout_of_the_agents_is_no_failure(self):
        before = self._agents()
        self.stage.kubectl("-n", "evenkeel", "rollout", "restart", "daemonset/evenkeel-agent")
        self.stage.kubectl("-n", "evenkeel", "rollout", "status", "daemonset/evenkeel-agent", "--timeout=180s",
                           timeout_s=200)
        self.assertTrue(before.isdisjoint(self._agents()), "every agent was replaced")
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)

    def _agents(self):
        found = self.stage.api.get("/api/v1/namespaces/evenkeel/pods", labelSelector="app.kubernetes.io/name=evenkeel-agent")
        return {pod["metadata"]["uid"] for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]}

    def test_a_kubelet_that_restarts_is_no_failure(self):
        worker = self.node_with("app=helloworld")
        self.assertTrue(self.stage.signal_program(worker, "kubelet", signal.SIGKILL), "there was a kubelet to kill")
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        self.assertEqual("HEALTHY", stage.verdicts(self.stage)[worker.name])

    def test_a_coordinator_that_is_killed_comes_back_calm(self):
        epoch = self._epoch()
        self.assertTrue(self.stage.signal_program(self.stage.control, "evenkeel-coordinator", signal.SIGKILL))
        self.wait(lambda: self._epoch() > epoch, "a coordinator of a higher epoch", 90)
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        self.wait(lambda: set(stage.verdicts(self.stage).values()) == {"HEALTHY"}, "every agent to be back")

    def _epoch(self):
        claim = self.stage.api.get("/apis/coordination.k8s.io/v1/namespaces/evenkeel/leases/evenkeel-coordinator")
        return int(claim["metadata"]["annotations"]["evenkeel.dev/epoch"])

    def test_a_coordinator_that_stood_still_doubts_itself_first(self):
        self.stage.signal_program(self.stage.control, "evenkeel-coordinator", signal.SIGSTOP)
        try:
            stage.fault_lasts(30)
        finally:
            self.stage.signal_program(self.stage.control, "evenkeel-coordinator", signal.SIGCONT)
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        # A kubelet's liveness probe may have ended the frozen coordinator; then its successor starts blind anyhow.
        self.wait(lambda: set(stage.verdicts(self.stage).values()) == {"HEALTHY"}, "every agent to be in session")
        self.assert_nothing_removed()

    def test_an_api_server_that_is_away_freezes_actions(self):
        self.stage.set_api_server(False)
        try:
            self.wait(lambda: stage.resources(self.stage, "clusters")[0]["apiState"] == "API_STATE_UNREACHABLE",
                      "the coordinator to see that the API is away")
            stage.fault_lasts(60)
        finally:
            self.stage.set_api_server(True)
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)

    def test_a_coordinator_that_is_cut_off_is_blind_and_not_its_nodes_dead(self):
        coordinator = product.coordinator_pod(self.stage)
        self.stage.set_pod_network("evenkeel", coordinator, up=False)
        try:
            stage.fault_lasts(15)
        finally:
            self.stage.set_pod_network("evenkeel", coordinator, up=True)
        # The way is there again when the neighbours have forgotten that it was not.
        self.wait(lambda: stage.verdicts(self.stage), "the coordinator to be reached again")
        self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        self.assertTrue(self.new_decisions("BLIND"), "it said that it was blind")

    def test_all_agents_silent_at_once_is_blindness(self):
        stopped = [node for node in self.stage.nodes
                   if self.stage.signal_program(node, "evenkeel-agent", signal.SIGSTOP)]
        self.assertEqual(len(self.stage.nodes), len(stopped))
        try:
            self.wait(lambda: self.new_decisions("BLIND"), "the decision that it is blind")
            self.watch_that_nothing_is_removed(TIME_FOR_HARM_S)
        finally:
            for node in stopped:
                self.stage.signal_program(node, "evenkeel-agent", signal.SIGCONT)
        self.wait(lambda: set(stage.verdicts(self.stage).values()) == {"HEALTHY"}, "every agent to be heard again", 120)
        self.assert_nothing_removed()


if __name__ == "__main__":
    unittest.main(verbosity=2)
