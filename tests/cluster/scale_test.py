"""Proves L9 on a real cluster: replicas follow the load within seconds, out and in, stay within their bounds and do not turn
about, whether samples are lost, the API server is away, or the coordinator is killed again and again.

The application and its policy are those of Lab 2 (deploy/local/labs), with 15 s of calm before pods are taken away. The witness
is a process of its own that reads the Kubernetes API and nothing of Evenkeel's. Seconds are printed; none is asserted, since
the machine may be busy with other things.
"""
import os
import random
import time
import unittest

import stage
from evenkeel_local import product
from evenkeel_local.failure import Failure
from evenkeel_local.load import Load
from evenkeel_local.scale_lab import CLIENTS, MAXIMUM, MINIMUM, NAME, NAMESPACE, ScaleLab, turns
from evenkeel_local.scalings import EvenkeelScaling, remove_hpa
from kills import kill_coordinator

HPA = stage.ROOT / "deploy/local/labs/hpa.yaml"
COORDINATOR_PORT = 7443
# So many clients need more than the minimum and fewer than the maximum: 5 to 7 replicas.
SOME_CLIENTS = 15
# The window of scaling in, the mean's, and a panic's calm, one after the other, and some more: what has not changed for so
# long will not under the same load.
SETTLED_S = 50
FAULT_S = 60
KILLS = 10
# Noise about a level: so many clients for so long each, drawn again and again.
NOISE_CLIENTS = (11, 19)
NOISE_STEP_S = (2.0, 8.0)
NOISE_S = float(os.environ.get("EVENKEEL_NOISE_S", "60"))


class Scale(stage.StageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab = ScaleLab(cls.stage, stage.Progress(quiet=True))
        cls.lab.prepare()

    @classmethod
    def tearDownClass(cls):
        product.command(cls.stage).delete_scale_policy()
        remove_hpa(cls.stage)
        cls.stage.kubectl("delete", "namespace", NAMESPACE, timeout_s=180)

    def setUp(self):
        super().setUp()
        self.evenkeel = product.command(self.stage)
        self.scaling = EvenkeelScaling(self.stage, self.evenkeel, "15s")
        self.witness = self.lab.witness()
        self.addCleanup(self.witness.stop)
        self.addCleanup(self.scaling.end)

    # What is done

    def begin(self):
        """The policy is in force, and the application at its minimum."""
        self.scaling.begin()
        self.wait(self.is_at_minimum, "the minimum", 180)
        self.wait(lambda: not self.scaling.unrest(), "the scaler to see its pods", 120)
        self.mark()

    def mark(self):
        """From here on counts what `changes` and `assert_straight` look at."""
        self.begun_wall_s, self.begun_s = time.time(), time.monotonic()
        self.begun_with = self.witness.now().wanted

    def load(self, clients):
        load = Load(self.stage.name, self.lab.url, clients)
        self.addCleanup(load.close)
        return load

    def load_until_settled(self):
        """Some load, and as many replicas as it needs."""
        load = self.load(SOME_CLIENTS)
        self.wait(lambda: self.all_ready() and self.unchanged_s() > SETTLED_S, "replicas to follow the load", 300)
        self.mark()
        self.say(f"{SOME_CLIENTS} clients are carried by {self.begun_with} replicas")
        return load

    def end_load(self, load):
        """Ends the load, and waits until the minimum is left."""
        result = load.stop()
        ended = time.monotonic()
        self.wait(self.is_at_minimum, f"{MINIMUM} replicas to be left", 300)
        self.say(f"at the minimum {time.monotonic() - ended:.1f} s after the load's end; {result.failed} of "
                 f"{result.requests} requests were lost")
        return result

    def fault_lasts_without_change_for_less(self, seconds):
        """Looks on for as long as a fault lasts: nobody takes replicas away, nobody goes past the maximum."""
        least = self.witness.now().wanted
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = self.witness.now().wanted
            self.assertGreaterEqual(now, least, "replicas were taken away")
            self.assertLessEqual(now, MAXIMUM)
            least = now
            time.sleep(0.5)

    def say(self, text):
        print(f"{self.id().rsplit('.', 1)[1]}: {text}", flush=True)

    # What is seen

    def is_at_minimum(self):
        now = self.witness.now()
        return now.wanted == MINIMUM == len(now.pods) == now.ready

    def unchanged_s(self):
        """For how long the number of replicas has been the same."""
        seen = self.witness.sights()
        begun = next((after.at_s for before, after in zip(reversed(seen[:-1]), reversed(seen))
                      if before.wanted != after.wanted), seen[0].at_s)
        return time.monotonic() - begun

    def all_ready(self, more_than=MINIMUM):
        now = self.witness.now()
        return now.wanted > more_than and now.ready == now.wanted

    def scaler_holds(self, condition):
        found = self.evenkeel.scaler() or {}
        return any(each["type"] == condition and each.get("holds") for each in found.get("conditions", []))

    def changes(self):
        """What was decided since `begin` and done, as (from, to), the oldest first."""
        return [product.replicas_of(each) for each in self.evenkeel.scale_decisions(self.begun_wall_s)
                if each["state"] == "STATE_SUCCEEDED"]

    def assert_straight(self):
        """Up with the load, down with its end, within the bounds; each change by one decision, and each decision a change."""
        seen = self.witness.since(self.begun_s)
        story = [sight.wanted for sight in seen]
        self.assertLessEqual(turns(seen), 1, story)
        self.assertLessEqual(max(story), MAXIMUM)
        self.assertGreaterEqual(min(story), MINIMUM)
        changes = self.changes()
        for before, after in zip(changes, changes[1:]):
            self.assertEqual(before[1], after[0], f"decisions that do not follow each other: {changes}")
        self.assertEqual((self.begun_with, MINIMUM), (changes[0][0], changes[-1][1]), changes)
        self.assertTrue(all(one != other for one, other in changes), changes)
        self.say(f"replicas {', '.join(f'{one} -> {other}' for one, other in changes)}")

    # The tests

    def test_the_load_rises_and_falls_and_the_replicas_follow(self):
        self.begin()
        load = self.load(CLIENTS)
        (first, *_) = self.wait(lambda: self.evenkeel.scale_decisions(load.begun_wall_s), "a decision", 30)
        self.wait(lambda: self.witness.now().ready > MINIMUM, "an added pod to be Ready", 60)
        ready = next(each.at_s for each in self.witness.since(load.begun_s) if each.ready > MINIMUM)
        self.say(f"decided {product.intended_s(first) - load.begun_wall_s:.2f} s and the first added pod Ready "
                 f"{ready - load.begun_s:.2f} s after the load began")
        self.wait(lambda: self.witness.now().ready == MAXIMUM, f"{MAXIMUM} pods to be Ready", 120)
        story = product.evenkeel(self.stage, "explain", first["name"].removeprefix("decisions/"))
        for part in (NAME, "CPU", "target 50 %", "bounds"):
            self.assertIn(part, story)
        self.assertTrue(load.is_running())
        self.assertEqual(0, self.end_load(load).failed, "no request is lost while pods are added")
        self.assert_straight()

    def test_a_policy_that_observes_records_what_it_would_do(self):
        self.begin()
        self.evenkeel.set_scale_policy("observe", "15s", "15s")
        load = self.load(CLIENTS)
        observed = self.wait(lambda: [d for d in self.new_decisions("SCALE") if d["state"] == "STATE_OBSERVED"],
                             "the record", 30)[-1]
        one, other = product.replicas_of(observed)
        self.assertEqual(MINIMUM, one)
        self.assertGreater(other, one)
        load.stop()
        self.assertEqual({MINIMUM}, {each.wanted for each in self.witness.since(self.begun_s)})

    def test_steady_noise_does_not_turn_replicas_about(self):
        """With the window of scaling in that a policy has by default: what the noise asks for at its worst stays. EVENKEEL_NOISE_S
        has it last longer than a minute; in ten minutes no more than one turn is allowed either."""
        self.scaling = EvenkeelScaling(self.stage, self.evenkeel, "5m")
        seed = random.randrange(2**32)
        self.say(f"seed {seed}")
        dice = random.Random(seed)
        self.begin()
        self.load_until_settled().stop()
        end = time.monotonic() + NOISE_S
        results = []
        while time.monotonic() < end:
            load = self.load(dice.randint(*NOISE_CLIENTS))
            stage.fault_lasts(min(dice.uniform(*NOISE_STEP_S), max(0.0, end - time.monotonic())))
            results.append(load.stop())
        seen = self.witness.since(self.begun_s)
        story = [seen[0].wanted] + [after.wanted for before, after in zip(seen, seen[1:]) if before.wanted != after.wanted]
        self.say(f"{len(results)} levels in {NOISE_S:g} s: replicas {', '.join(map(str, story))}; "
                 f"{sum(each.failed for each in results)} of {sum(each.requests for each in results)} requests were lost")
        self.assertLessEqual(turns(seen), 1, story)
        self.assertEqual(0, sum(each.failed for each in results))

    def test_what_is_not_seen_takes_no_pod_away(self):
        """First the agents of two workers of three are not heard for a minute; their pods carry the load all the same. Then the API
        server is away for another, and the load rises further meanwhile: that is answered when the API is back."""
        self.begin()
        load = self.load_until_settled()
        self.addCleanup(self.stage.heal, self.stage.control)
        for worker in self.stage.workers()[:2]:
            self.stage.partition(self.stage.control, source=worker, port=COORDINATOR_PORT)
        self.wait(lambda: not self.scaler_holds("Seen"), "the scaler to say that pods are not seen", 30)
        self.fault_lasts_without_change_for_less(FAULT_S)
        self.stage.heal(self.stage.control)
        self.wait(lambda: self.scaler_holds("Seen"), "all pods to be seen again", 120)
        self.assertEqual([], self.new_decisions("FAILOVER"))
        carried_by = self.witness.now().wanted
        self.stage.set_api_server(False)
        try:
            load.stop()
            load = self.load(CLIENTS)
            stage.fault_lasts(FAULT_S)
        finally:
            self.stage.set_api_server(True)
        self.wait(lambda: self.all_ready(more_than=carried_by), "more replicas", 120)
        self.end_load(load)
        self.assert_straight()

    def test_a_coordinator_that_is_killed_again_and_again_loses_no_step(self):
        seed = random.randrange(2**32)
        self.say(f"seed {seed}")
        dice = random.Random(seed)
        self.begin()
        load = self.load(CLIENTS)
        for _ in range(KILLS // 2):
            stage.fault_lasts(dice.uniform(0, 8))
            kill_coordinator(self.stage)
        self.wait(lambda: self.witness.now().ready == MAXIMUM, f"{MAXIMUM} pods to be Ready", 180)
        load.stop()
        for _ in range(KILLS - KILLS // 2):
            stage.fault_lasts(dice.uniform(0, 8))
            kill_coordinator(self.stage)
        self.wait(self.is_at_minimum, f"{MINIMUM} replicas to be left", 300)
        self.wait(lambda: not self.scaling.unrest(), "the scaler to be calm", 120)
        self.assert_straight()

    def test_an_autoscaler_is_not_fought_but_taken_over(self):
        self.evenkeel.delete_scale_policy()
        self.stage.kubectl("apply", "-f", str(HPA))
        self.addCleanup(remove_hpa, self.stage)
        # Until the coordinator has heard of it, the policy is accepted.
        refusal = self.wait(self.refusal, "the policy to be refused", 30)
        self.assertIn(f"evenkeel takeover hpa {NAMESPACE}/{NAME}", refusal)
        self.assertIn("mode: enforce", self.take_over("--dry-run"))
        self.assertTrue(self.autoscalers(), "a dry run changes nothing")
        self.assertEqual([], self.new_decisions("TAKE_OVER"))
        self.take_over()
        self.wait(lambda: [d for d in self.new_decisions("TAKE_OVER") if d["state"] == "STATE_SUCCEEDED"],
                  "the decision to succeed", 60)
        self.assertEqual([], self.autoscalers())
        self.wait(lambda: not self.scaling.unrest(), "the scaler to see its pods", 120)
        load = self.load(CLIENTS)
        self.wait(lambda: self.witness.now().ready == MAXIMUM, f"{MAXIMUM} pods to be Ready", 120)
        load.stop()

    def test_an_autoscaler_that_comes_later_stops_the_scaler(self):
        self.begin()
        self.stage.kubectl("apply", "-f", str(HPA))
        self.addCleanup(remove_hpa, self.stage)
        self.wait(lambda: self.scaler_holds("Conflicted"), "the scaler to say so", 30)
        load = self.load(CLIENTS)
        self.wait(lambda: [d for d in self.new_decisions("SCALE") if d["state"] == "STATE_REFUSED"], "the refusal", 60)
        self.assertEqual([], self.changes())
        remove_hpa(self.stage)
        self.wait(lambda: self.witness.now().ready == MAXIMUM, f"{MAXIMUM} pods to be Ready", 120)
        self.end_load(load)

    def refusal(self):
        """Why the policy cannot be applied; empty when it can, which is then taken back."""
        try:
            self.evenkeel.set_scale_policy("enforce", "15s", "15s")
        except Failure as failure:
            return str(failure)
        self.evenkeel.delete_scale_policy()
        return ""

    def take_over(self, *options):
        return self.evenkeel.run("takeover", "hpa", f"{NAMESPACE}/{NAME}", "--cluster", self.stage.name, *options)

    def autoscalers(self):
        return self.stage.api.get(f"/apis/autoscaling/v1/namespaces/{NAMESPACE}/horizontalpodautoscalers")["items"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
