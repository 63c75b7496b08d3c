"""Proves that a node whose agent finds it sick is GRAY within seconds, cared for as the policy says, and given back."""
import signal
import tempfile
import unittest

import stage
from evenkeel_local import product

RESTARTS = stage.ROOT / "deploy/kubernetes/extras/restart/agent.yaml"


class Gray(stage.StageCase):
    def apply(self, **rungs):
        """The stage's policy, with sick nodes noticed after two seconds and these rungs, until the test's end."""
        lines = ["  gray:", "    after: 2s", "    recoverAfter: 5s", "    restartTimeout: 20s"]
        lines += [f"    {rung}: {mode}" for rung, mode in rungs.items()]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write((stage.HERE / "policy.yaml").read_text() + "\n".join(lines) + "\n")
            file.flush()
            product.evenkeel(self.stage, "apply", "-f", file.name)
        self.addCleanup(product.evenkeel, self.stage, "apply", "-f", str(stage.HERE / "policy.yaml"))

    def stop(self, worker, program):
        self.stage.signal_program(worker, program, signal.SIGSTOP)
        self.addCleanup(self.go_on, worker, program)

    def go_on(self, worker, program):
        self.stage.signal_program(worker, program, signal.SIGCONT)

    def wait_for_verdict(self, worker, verdict, deadline_s=20.0):
        self.wait(lambda: stage.verdicts(self.stage)[worker.name] == verdict, f"the verdict {verdict}", deadline_s)

    def wait_for_agents(self):
        """All agents are of the newest kind, and running."""
        self.stage.kubectl("-n", "evenkeel", "rollout", "status", "daemonset", "evenkeel-agent", "--timeout=180s",
                           timeout_s=200)

    def care_for(self, worker):
        return [d for d in self.new_decisions("GRAY") if d["node"] == worker.name]

    def wait_until_given_back(self, worker):
        self.wait(lambda: worker.name not in stage.tainted(self.stage), f"the taint of {worker.name} to go", 90)
        self.wait(lambda: any(d["state"] == "STATE_SUCCEEDED" for d in self.new_decisions("GRAY_READMISSION")),
                  "its readmission to be recorded")

    def test_a_node_whose_runtime_hangs_is_tainted_drained_and_given_back(self):
        self.apply(taint="enforce", drain="enforce")
        worker = self.node_with("app=helloworld")
        self.stop(worker, "containerd")
        self.wait_for_verdict(worker, "GRAY")
        self.wait(lambda: worker.name in stage.tainted(self.stage), "the taint")
        self.wait(lambda: not stage.pods_on(self.stage, worker, "app=helloworld"), "the pods to be evicted", 120)
        self.wait(lambda: sum(map(stage.is_ready, stage.pods(self.stage, "app=helloworld").values())) == 4,
                  "four replicas to be Ready elsewhere", 60)
        ledger = stage.pods(self.stage, "app=ledger")
        self.assertTrue(set(ledger) <= set(self.pods_before), "a pod that must not run twice is left where it is")
        self.go_on(worker, "containerd")
        self.wait_for_verdict(worker, "HEALTHY", 60)
        decision = self.wait(lambda: [d for d in self.care_for(worker) if d["state"] == "STATE_SUCCEEDED"],
                             "the decision to succeed")[0]
        story = product.evenkeel(self.stage, "explain", decision["name"].removeprefix("decisions/"))
        for part in (worker.name, "container runtime does not answer", "taint for sick nodes", "evicted", "mass-sickness"):
            self.assertIn(part, story)
        self.wait_until_given_back(worker)
        self.assertEqual([], self.new_decisions("FAILOVER"), "a sick node is not a dead one (L1)")

    def test_a_sick_node_is_only_recorded_where_the_policy_observes(self):
        self.apply(taint="observe")
        worker = self.node_with("app=helloworld")
        self.stop(worker, "kubelet")
        self.wait_for_verdict(worker, "GRAY")
        decision = self.wait(lambda: self.care_for(worker), "the record")[0]
        self.assertEqual("STATE_OBSERVED", decision["state"])
        self.assert_nothing_removed()
        self.go_on(worker, "kubelet")
        self.wait_for_verdict(worker, "HEALTHY", 60)

    def test_a_hung_kubelet_is_mended_by_a_restart_where_the_host_permits_it(self):
        patch = RESTARTS.read_text(encoding="utf-8")
        self.stage.kubectl("-n", "evenkeel", "patch", "daemonset", "evenkeel-agent", "--patch", patch)
        self.addCleanup(self.wait_for_agents)
        self.addCleanup(self.stage.kubectl, "-n", "evenkeel", "rollout", "undo", "daemonset", "evenkeel-agent")
        self.wait_for_agents()
        self.wait(lambda: set(stage.verdicts(self.stage).values()) == {"HEALTHY"}, "all agents to be back", 60)
        self.apply(taint="enforce", restart="enforce")
        worker = self.node_with("app=helloworld")
        before = set(self.stage.machine(worker).processes("kubelet"))
        self.stop(worker, "kubelet")  # Nobody continues it before the test is over.
        self.wait_for_verdict(worker, "GRAY")
        decision = self.wait(lambda: [d for d in self.care_for(worker) if d["state"] == "STATE_SUCCEEDED"],
                             "the restart to help", 60)[0]
        done = [a for a in decision["actions"] if a["kind"] == "KIND_RESTART_KUBELET"]
        self.assertEqual(["STATE_DONE"], [a["state"] for a in done])
        self.assertFalse(before & set(self.stage.machine(worker).processes("kubelet")), "it is another process now")
        self.wait_until_given_back(worker)
        self.assertEqual(set(self.pods_before), set(stage.pods(self.stage)), "no pod was touched")


if __name__ == "__main__":
    unittest.main(verbosity=2)
