"""Proves on two real clusters with a real HAProxy in front that an application's traffic goes to the other cluster and back without
a lost request; that it does whenever the coordinator is killed and HAProxy is reloaded; that it goes back by itself from a cluster
that fails, at any step; and that it goes by itself from a cluster that is lost, and not from one that is only out of reach. The same
by EndpointSlices, which real kube-proxies serve.

It raises two clusters of its own, as Lab 4 has them (deploy/local/labs): clients of four kinds ask 240 times a second. Who looks at
the gateway knows nothing of Evenkeel, and who answered is the nodes' own word. Seconds are printed; none is asserted, since the
machine may be busy with other things.
"""
import concurrent.futures
import json
import os
import pathlib
import random
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "local"))

from evenkeel_local.cluster import Cluster  # noqa: E402
from evenkeel_local.progress import Progress  # noqa: E402
from evenkeel_local.switch_clients import FRESH, SwitchClients  # noqa: E402
from evenkeel_local.switch_lab import JOINED_PORT, NAME, SwitchLab, answered_by  # noqa: E402
from evenkeel_local.switch_view import cluster_of  # noqa: E402
from evenkeel_local.switches import Switch, give_back_what_is_open, loss_policy  # noqa: E402
from evenkeel_local.waiting import wait_for  # noqa: E402
from kills import Nuisance  # noqa: E402

KILLS = int(os.environ.get("EVENKEEL_SWITCH_KILLS", "12"))
RELOADS = max(3, KILLS // 4)
# The longer ones let a step pass its gates, so that every part of a switch is met.
PAUSES_S = (0, 12)
STEPS = (1, 10, 50, 100)


def steps_for(fault):
    """The steps, in percent, at which green fails so: EVENKEEL_SWITCH_FAULTS=all makes it each, where each fault has one of its own
    else."""
    each = dict(zip(("errors", "unready", "power", "slow"), STEPS, strict=True))
    return STEPS if os.environ.get("EVENKEEL_SWITCH_FAULTS") == "all" else (each[fault],)


LAB = SwitchLab(Cluster("switch-blue"), Cluster("switch-green"), Progress(quiet=True))


def setUpModule():  # pylint: disable=invalid-name
    for cluster in (LAB.blue, LAB.green):
        cluster.up(progress=Progress(quiet=True))
    LAB.prepare()


def tearDownModule():  # pylint: disable=invalid-name
    for cluster in (LAB.blue, LAB.green):
        if cluster.exists():
            cluster.down()


class SwitchCase(unittest.TestCase):
    """Two clusters that are well, everything at blue, nothing under way."""

    maxDiff = None
    lab, blue, green = LAB, LAB.blue, LAB.green

    def setUp(self):
        self.make_well()

    def make_well(self):
        for cluster in (self.blue, self.green):
            cluster.up(progress=Progress(quiet=True))
        self.lab.peering.route()
        for cluster in (self.blue, self.green):
            self.lab.wait_until_running(cluster)
            # Where a node has lost power, its pods have other addresses soon.
            wait_for(lambda each=cluster: self.lab.fail(each, "mend") is None, "pods that can be told to mend", deadline_s=90)
            self.lab.wait_until_well(cluster)
            self.lab.wait_until_answers(cluster)
        give_back_what_is_open(self.lab.command)
        self.lab.gateway.start(self.blue)
        self.lab.wait_until_calm()

    def say(self, text):
        print(f"{self.id().rsplit('.', 1)[1]}: {text}", flush=True)

    def all_at(self, cluster):
        return {each.name: 100 if each is cluster else 0 for each in (self.blue, self.green)}

    def other(self, cluster):
        return self.green if cluster is self.blue else self.blue

    def assert_nothing_lost(self, outcome):
        self.say(f"{outcome}")
        self.assertEqual(0, sum(outcome.failed.values()), outcome)
        self.assertEqual(0, outcome.cut)
        for kind in outcome.requests:
            self.assertGreater(outcome.requests[kind] * 10, sum(outcome.requests.values()), f"{kind} are over 10 %")

    def assert_given_back(self, run, switch):
        """The record and the gateway agree: blue has everything again, and green answers nothing that begins after that."""
        status = run.ended(switch, "rolled_back")
        self.assertEqual(self.all_at(self.blue), self.lab.gateway.look().percent)
        return status


class There(SwitchCase):
    def test_there_and_back_under_load(self):
        with self.lab.watched() as run:
            run.go(self.blue, self.green)
            self.assertEqual(self.all_at(self.green), self.lab.gateway.look().percent)
            run.go(self.green, self.blue)
            self.assertEqual(self.all_at(self.blue), self.lab.gateway.look().percent)
        outcome = run.outcome()
        self.assert_nothing_lost(outcome)
        self.assertEqual([*STEPS, *STEPS], [step.weight for step in outcome.steps])
        self.assertNotIn(None, [step.moved_s for step in outcome.steps], "the gateway was seen at each step")
        answered = answered_by(run.requests())
        self.assertEqual({self.blue.name, self.green.name}, set(answered), "each request was answered by one of the clusters")

    def test_an_operator_gives_it_back_at_any_step(self):
        for percent in STEPS:
            with self.subTest(percent=percent), self.lab.watched() as run:
                switch = run.start(self.blue, self.green)
                run.follow(switch, lambda _, wanted=percent: run.watch.now().percent[self.green.name] == wanted, f"{percent} %")
                asked_s = switch.roll_back(self.blue.name)
                run.follow(switch, lambda status: status.end, "the rollback")
                run.ended(switch, "rolled_back", asked_s)
                self.assertEqual(self.all_at(self.blue), self.lab.gateway.look().percent)
            self.assert_nothing_lost(run.outcome())

    def test_coordinators_that_are_killed_and_a_gateway_that_is_reloaded_lose_nothing(self):
        seed = random.randrange(2**32)
        self.say(f"seed {seed}")
        kills = reloads = resumed = 0
        with self.lab.watched() as run:
            to = self.green
            while kills < KILLS or reloads < RELOADS:
                switch = run.start(self.other(to), to)
                with Nuisance(self.kill, seed + kills, KILLS - kills, PAUSES_S) as killed, \
                        Nuisance(self.lab.gateway.reload, seed + reloads, RELOADS - reloads, (1, 9)) as reloaded:
                    resumed += self.to_its_end(run, switch, to)
                for each in (killed, reloaded):
                    each.check()
                kills, reloads = kills + killed.done, reloads + reloaded.done
                self.lab.wait_until_calm()
                end = switch.ask().end
                # Whoever has just started may not see enough to begin: nothing was moved then.
                self.assertIn(end, ("committed", "refused"))
                run.ended(switch, end)
                had = to if end == "committed" else self.other(to)
                self.assertEqual(self.all_at(had), self.lab.gateway.look().percent, "the gateway agrees with the record")
                to = self.other(had)
        self.say(f"{kills} kills, {reloads} reloads, {resumed} times resumed")
        self.assert_nothing_lost(run.outcome())

    def to_its_end(self, run, switch, to):
        """Follows it to its commit, as an operator would who lets it go on wherever it stops; returns how often that was."""
        resumed = 0
        while True:
            status = run.follow(switch, lambda status: status.phase == "holding" or status.stop or status.end == "refused",
                                "the hold", may_stop=True)
            if status.end:
                return resumed
            if not status.stop:
                break
            self.say(f"it stopped: {status.stop}")
            switch.resume(to.name)
            resumed += 1
        switch.commit(to.name)
        run.follow(switch, lambda status: status.end, "the commit", may_stop=True)
        return resumed

    def kill(self):
        self.lab.coordinator.kill()
        self.lab.coordinator.start()


class Back(SwitchCase):
    """Green fails at a step: it goes back by itself, and nothing is lost but by what failed."""

    def test_pods_that_are_not_ready_any_more(self):
        self.at_steps("unready", lambda: self.lab.fail(self.green, "unready", pods=1),
                      lambda run: self.assert_nothing_lost(run.outcome()))

    def test_answers_that_come_late(self):
        self.at_steps("slow", lambda: self.lab.fail(self.green, "slow"), lambda run: self.assert_nothing_lost(run.outcome()))

    def test_answers_that_are_errors(self):
        def judge(run):
            lost = self.lost(run)
            self.assertGreater(len(lost), 0)
            self.assertEqual({self.green.name}, {cluster_of(each.node) for each in lost}, "nothing but green's own errors is lost")

        self.at_steps("errors", lambda: self.lab.fail(self.green, "errors"), judge)

    def test_a_node_without_power(self):
        self.at_steps("power", lambda: self.green.power_off(self.green.workers()[0]), lambda run: self.assertEqual(
            [], [each for each in self.lost(run) if self.blue.name in (each.backend, cluster_of(each.node))]))

    def at_steps(self, fault, fail, judge):
        for number, percent in enumerate(steps_for(fault)):
            with self.subTest(percent=percent):
                if number > 0:  # Before the first, setUp has done it.
                    self.make_well()
                judge(self.fail_at(percent, fail))

    def fail_at(self, percent, fail):
        """Green fails while it has so much, and blue has everything again."""
        with self.lab.watched() as run:
            switch = run.start(self.blue, self.green)
            run.follow(switch, lambda status: run.watch.now().percent[self.green.name] == percent, f"{percent} %")
            failed_s = time.time()
            fail()
            run.follow(switch, lambda status: status.end, "the rollback")
            status = self.assert_given_back(run, switch)
        self.say(f"at {percent} %: decided {status.rollback_begun_s() - failed_s:.2f} s after the fault, and all was at blue "
                 f"{run.outcome().rollback_s} s after that: {status.said['outcome']}")
        return run

    def lost(self, run):
        lost = [each for each in run.requests() if each.lost]
        self.say(f"{len(lost)} of {len(run.requests())} requests were lost")
        return lost

    def test_blue_fails_as_well_so_it_stops_and_asks(self):
        with self.lab.watched() as run:
            switch = run.start(self.blue, self.green)
            run.follow(switch, lambda status: run.watch.now().percent[self.green.name] == 50, "50 %")
            for cluster in (self.blue, self.green):
                self.lab.fail(cluster, "errors")
            status = run.follow(switch, lambda status: status.stop, "it to stop", may_stop=True)
            self.say(f"it stopped: {status.stop}")
            self.assertEqual("STOP_CAUSE_WAY_BACK", status.said["stopCause"])
            self.assertEqual(50, self.lab.gateway.look().percent[self.green.name], "the weights are left alone")
            self.lab.fail(self.blue, "mend")
            self.lab.fail(self.green, "mend")
            switch.roll_back(self.blue.name)
            run.follow(switch, lambda status: status.end, "the rollback", may_stop=True)
            self.assert_given_back(run, switch)


class Joined(SwitchCase):
    """The same where pods of both clusters stand behind one Service, by EndpointSlices of Evenkeel's, and a real kube-proxy serves it.
    What comes anew goes there at once; a connection that is kept goes on where it is, so those say nothing."""

    def test_there_back_and_given_back(self):
        self.lab.join()
        self.clients = SwitchClients(self.lab.joined_address, JOINED_PORT)
        try:
            self.lab.wait_until_steady(self.clients)
            begun_s = time.monotonic()
            for from_, to in ((self.blue, self.green), (self.green, self.blue)):
                switch = self.go(from_, to)
                switch.commit(to.name)
                self.assert_ends(switch, "committed")
            switch = self.go(self.blue, self.green)
            switch.roll_back(self.blue.name)
            self.assert_ends(switch, "rolled_back")
            self.assert_answers(self.blue)
        finally:
            requests = self.clients.stop()
        requests = [each for each in requests if each.start_s > begun_s]
        self.say(f"{len(requests)} requests")
        self.assertEqual([], [each for each in requests if each.lost])

    def go(self, from_, to):
        """To where the way back is held open."""
        self.lab.wait_until_calm()
        switch = Switch.start(self.lab.command, self.lab.joined_manifest(from_, to), to.name)
        self.addCleanup(switch.close)
        seen = wait_for(lambda: (status := switch.status()) and (status.phase == "holding" or status.stop or status.end) and status,
                        "the hold", deadline_s=120)
        self.assertEqual(("holding", ""), (seen.phase, seen.stop), f"{seen.words()}; {seen.findings}")
        self.assert_answers(to)
        return switch

    def assert_ends(self, switch, end):
        wait_for(lambda: switch.ask().end, "the end", deadline_s=60)
        self.assertEqual(end, switch.ask().end, switch.ask().said.get("outcome"))

    def assert_answers(self, cluster):
        """What begins from now on is answered by that cluster alone, a hundred times."""
        since_s = time.monotonic()

        def fresh():
            return [each for each in self.clients.ended() if each.kind == FRESH and each.start_s > since_s]

        wait_for(lambda: len(fresh()) >= 100, "a hundred requests to be answered", deadline_s=60)
        self.assertEqual({cluster.name}, {cluster_of(each.node) for each in fresh()})


class Lost(SwitchCase):
    """Blue is gone, or only out of the coordinator's reach; a policy says that its traffic goes to green when it is lost."""

    SOON_S = 60
    CUT_OFF_S = 20

    def setUp(self):
        super().setUp()
        self.addCleanup(self.lab.command.run, "delete", "policy", NAME)
        self.lab.command.run("apply", "-f", "-", input_text=loss_policy(self.lab.manifest(self.blue, self.green)))
        wait_for(lambda: min(self.witnesses()) > 1, "nodes of green to have reached blue", deadline_s=120, interval_s=1,
                 state=lambda: str(self.witnesses()))

    def witnesses(self):
        """How many nodes of green have reached blue's nodes lately, and how many its API."""
        told = re.search(r"^Witnesses: +(\d+) of its nodes, (\d+) of its API$", self.seen(), re.MULTILINE)
        return (int(told[1]), int(told[2])) if told else (0, 0)

    def seen(self):
        """How blue is seen, among other things."""
        return self.lab.command.run("describe", "policy", NAME)

    def test_a_cluster_that_loses_all_its_nodes_is_switched(self):
        with self.lab.watched() as run:
            begun_s = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor() as pool:
                list(pool.map(self.blue.power_off, self.blue.nodes))
            off_s = time.monotonic()
            wait_for(lambda: self.shown(run).percent == self.all_at(self.green), "everything to go to green", self.SOON_S)
            moved_s = run.watch.has_percent_since(self.green.name, 100, begun_s)
            self.say(f"everything was at green {moved_s - off_s:.2f} s after the last node was off")
            settled_s = time.monotonic() + 3
            while time.monotonic() < settled_s:
                self.shown(run)
                time.sleep(0.05)
        late = [each for each in run.requests() if each.lost and each.start_s > moved_s + 0.1]
        self.assertEqual([], late, "what begins after that is answered")
        (switch,) = json.loads(self.lab.command.run("switch", "status", "-o", "json"))["items"]
        self.assertTrue(switch["ofLostCluster"])

    def test_a_cluster_that_only_the_coordinator_does_not_reach_is_not(self):
        self.addCleanup(self.lab.coordinator.set_link, self.blue, True)
        with self.lab.watched() as run:
            self.lab.coordinator.set_link(self.blue, False)
            end_s = time.monotonic() + self.CUT_OFF_S
            while time.monotonic() < end_s:
                self.assertEqual(self.all_at(self.blue), self.shown(run).percent)
                time.sleep(0.05)
            seen = self.seen()
            self.say(seen)
            self.assertIn("cut off from the coordinator", seen)
            self.lab.coordinator.set_link(self.blue, True)
        self.assert_nothing_lost(run.outcome())
        self.assertEqual([], json.loads(self.lab.command.run("switch", "status", "-o", "json"))["items"])

    @staticmethod
    def shown(run):
        run.view.show(lambda: "")
        return run.watch.now()


if __name__ == "__main__":
    unittest.main(verbosity=2)
