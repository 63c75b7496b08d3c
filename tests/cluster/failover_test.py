"""Proves that a dead node is failed over, once, whatever the coordinator was doing, and never at the price of L5."""
import json
import signal
import tempfile
import unittest

import stage
from evenkeel_local import product


class Failover(stage.StageCase):
    def failovers_of(self, worker):
        return [d for d in self.new_decisions("FAILOVER") if d["node"] == worker.name]

    def wait_until_failed_over(self, worker, deadline_s=60.0):
        decision = self.wait(lambda: [d for d in self.failovers_of(worker) if d["state"] == "STATE_SUCCEEDED"],
                             f"the failover of {worker.name} to succeed", deadline_s)[0]
        self.assertEqual({worker.name}, stage.tainted(self.stage))
        self.assertEqual({}, stage.pods_on(self.stage, worker, "app=helloworld"))
        ready = [pod for pod in stage.pods(self.stage, "app=helloworld").values() if stage.is_ready(pod)]
        self.assertEqual(4, len(ready))
        return decision

    def wait_until_readmitted(self, worker):
        self.stage.start(worker)
        self.wait(lambda: worker.name not in stage.tainted(self.stage), f"{worker.name} to be readmitted", 120)

    def test_a_dead_node_is_failed_over_and_told_as_a_story(self):
        worker = self.node_with("app=helloworld")
        self.stage.power_off(worker)
        decision = self.wait_until_failed_over(worker)
        story = product.evenkeel(self.stage, "explain", decision["name"].removeprefix("decisions/"))
        for part in (worker.name, "witness", "lease", "taint", "Ready"):
            self.assertIn(part.lower(), story.lower())
        times = decision["timings"]
        order = [times[k] for k in ("lastSignTime", "detectTime", "judgeTime", "intendTime", "actTime", "recoverTime")]
        self.assertEqual(sorted(order), order, json.dumps(times))
        self.wait_until_readmitted(worker)
        self.assertEqual(1, len(self.failovers_of(worker)), "one death, one decision")
        self.assertTrue(self.new_decisions("READMISSION"))

    def test_what_was_decided_follows_from_what_was_seen(self):
        """The coordinator's own log, told to the same core again, leads to the same decisions, to the last bit."""
        worker = self.node_with("app=helloworld")
        self.stage.power_off(worker)
        decision = self.wait_until_failed_over(worker)
        replayed = product.evenkeel(self.stage, "replay", "--since", "3m")
        self.assertIn("replayed to itself, bit for bit", replayed)
        observing = (stage.HERE / "policy.yaml").read_text().replace("enforce", "observe")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as policy:
            policy.write(observing)
            policy.flush()
            tried = product.evenkeel(self.stage, "replay", "--policy", policy.name, "--decision",
                                     decision["name"].removeprefix("decisions/"))
        self.assertIn("only observed", tried)
        self.wait_until_readmitted(worker)

    def test_power_off_during_a_coordinator_restart_is_failed_over_once(self):
        worker = self.node_with("app=helloworld")
        self.stage.signal_program(self.stage.control, "evenkeel-coordinator", signal.SIGKILL)
        self.stage.power_off(worker)
        self.wait_until_failed_over(worker, 120)
        self.wait_until_readmitted(worker)
        self.assertEqual(1, len(self.failovers_of(worker)))

    def test_a_statefulset_pod_on_a_dead_node_is_not_started_twice(self):
        worker = self.node_with("app=ledger")
        (uid,) = stage.pods_on(self.stage, worker, "app=ledger")
        self.stage.power_off(worker)
        # Kubernetes' own node controller asks for its deletion five minutes later; nothing may force it before.
        decision = self.wait(lambda: [d for d in self.failovers_of(worker) if d["state"] in
                                      ("STATE_SUCCEEDED", "STATE_OPEN") and d.get("timings", {}).get("actTime")],
                             "the failover to have acted")[0]
        left = stage.pods(self.stage, "app=ledger")
        self.assertEqual([uid], list(left), "the one ledger pod is still the old one")
        self.assertFalse(stage.is_ready(left[uid]), "and it gets no traffic")
        self.assertIn("ledger", json.dumps(decision["alternatives"]), "the decision says what waits, and for what")
        self.wait_until_readmitted(worker)
        self.wait(lambda: all(map(stage.is_ready, stage.pods(self.stage, "app=ledger").values())), "ledger to be Ready again")

    def test_a_flapping_node_is_not_readmitted_until_it_is_stable(self):
        worker = self.node_with("app=helloworld")
        self.stage.power_off(worker)
        self.wait_until_failed_over(worker)
        for _ in range(2):
            self.stage.start(worker)
            self.wait(lambda: stage.verdicts(self.stage)[worker.name] == "HEALTHY", "its agent to be heard", 120)
            self.assertEqual({worker.name}, stage.tainted(self.stage), "heard is not yet readmitted")
            self.stage.power_off(worker)
            self.wait(lambda: stage.verdicts(self.stage)[worker.name] == "DEAD", "the verdict DEAD", 120)
        self.assertEqual({worker.name}, stage.tainted(self.stage))
        self.assertEqual([], self.new_decisions("READMISSION"))
        self.wait_until_readmitted(worker)
        self.assertEqual(1, len(self.new_decisions("READMISSION")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
