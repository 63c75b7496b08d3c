"""Switches of traffic, as an operator orders and watches them with the `evenkeel` command."""

import json
import re
import textwrap
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from . import product
from .failure import Failure
from .product import Command
from .waiting import wait_for

_LABS = Path(__file__).resolve().parents[1] / "labs"
GATEWAY = "edge"
_LOOKS_S = 0.5


@dataclass(frozen=True)
class Status:
    """What Evenkeel says of a switch at a moment."""

    said: dict

    @property
    def phase(self) -> str:
        return self.said.get("phase", "PHASE_UNSPECIFIED").removeprefix("PHASE_").lower()

    @property
    def stop(self) -> str:
        """Why it does not go on by itself; empty when it does."""
        return self.said.get("stopReason", "") if "stopCause" in self.said else ""

    @property
    def end(self) -> str:
        """committed, rolled_back, refused, ...; empty while it is under way."""
        return self.said.get("end", "").removeprefix("END_").lower()

    @property
    def step(self) -> int:
        return int(self.said.get("step", 0))

    @property
    def percents(self) -> list[int]:
        """Of its steps."""
        return [int(each.get("percent", 0)) for each in self.said["spec"]["steps"]]

    @property
    def gates(self) -> str:
        """What its gates say, but for those that pass."""
        return "; ".join(f"{each['gate']}: {each.get('reason', '')}" for each in self.said.get("gates", [])
                         if each.get("verdict") != "VERDICT_PASS")

    @property
    def findings(self) -> list[str]:
        """What the preflight has found that holds it."""
        return [f"{each.get('subject', '')}: {each.get('message', '')}" for each in self.said.get("findings", [])
                if each.get("severity") == "SEVERITY_BLOCKER"]

    def begun_steps(self) -> list[tuple[int, float, float | None]]:
        """Of each step that was begun: green's percent, when it was decided, when it was read back; wall clock."""
        return [(self.percents[int(each.get("step", 0))], product.moment_s(each["decideTime"]),
                 product.moment_s(each["moveTime"]) if "moveTime" in each else None)
                for each in self.said.get("reports", [])]

    def rollback_begun_s(self) -> float | None:
        """When it was decided to give everything back; wall clock. None: it was not."""
        spans = self.said.get("ledger", {}).get("spans", [])
        return next((product.moment_s(each["beginTime"]) for each in spans
                     if each.get("phase") == "PHASE_ROLLING_BACK"), None)

    def cut(self) -> int:
        """Requests that the gateway's own action has ended, by Evenkeel's ledger."""
        ledger = self.said.get("ledger", {})
        return sum(int(ledger.get(side, {}).get("cut", 0)) for side in ("blue", "green"))

    def words(self) -> str:
        """In one line."""
        phase = self.phase.replace("_", " ")
        if self.phase == "ended":
            phase = self.end.replace("_", " ")
        elif self.phase != "preflight":
            phase = f"step {self.percents[self.step]} %, {phase}"
        waits = self.said.get("waitingFor", "")
        return ", ".join(filter(None, [phase, self.stop and f"stopped: {self.stop}", waits != "the preflight" and waits]))


class Switch:
    """One switch that was started. Its state is asked for twice a second by a thread of its own, over coordinators that die."""

    def __init__(self, command: Command, decision: str):
        self._command, self.decision = command, decision
        self._stopped = threading.Event()
        self._status = self.ask()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    @classmethod
    def start(cls, command: Command, manifest: str, to: str) -> "Switch":
        said = json.loads(command.run("switch", "start", "-f", "-", f"--confirm={to}", "-o", "json", input_text=manifest))
        return cls(command, said["decision"].removeprefix("decisions/"))

    def ask(self) -> Status:
        return Status(json.loads(self._command.run("switch", "status", self.decision, "-o", "json")))

    def status(self) -> Status:
        """As it was half a second ago or less; longer while the coordinator does not answer."""
        return self._status

    def commit(self, to: str) -> None:
        self._order("commit", f"--confirm={to}", wanted=lambda: self.ask().phase in ("committing", "ended"))

    def roll_back(self, onto: str) -> float:
        """Orders it; returns the wall clock's time at which it was asked for."""
        asked_s = time.time()
        self._order("rollback", f"--confirm={onto}", wanted=lambda: self.ask().phase in ("rolling_back", "ended"))
        return asked_s

    def resume(self, to: str) -> None:
        self._order("resume", f"--confirm={to}", wanted=lambda: not self.ask().stop)

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _order(self, order: str, *arguments: str, wanted) -> None:
        """Gives an order until it is taken: the coordinator may be killed before it has answered."""
        def taken() -> bool:
            try:
                self._command.run("switch", order, self.decision, *arguments, timeout_s=20)
                return True
            except Failure:
                return wanted()

        wait_for(taken, f"the order to {order} to be taken", deadline_s=60, interval_s=0.2)

    def _follow(self) -> None:
        while not self._stopped.wait(_LOOKS_S) and not self._status.end:
            try:
                self._status = self.ask()
            except (Failure, ValueError):
                continue  # Between two lives of the coordinator.


def give_back_what_is_open(command: Command) -> int:
    """Rolls every switch back that is under way, and returns how many there were when they have ended."""
    def still_open() -> list[dict]:
        return json.loads(command.run("switch", "status", "-o", "json"))["items"]

    found = still_open()
    for each in found:
        command.run("switch", "rollback", each["decision"].removeprefix("decisions/"), "--onto-unknown",
                    f"--confirm={each['spec']['from']}")
    wait_for(lambda: not still_open(), "earlier switches to be rolled back", deadline_s=60)
    return len(found)


def manifest(name: str, from_: str, to: str, map_file: Path, url: str) -> str:
    """Lab 4's switch, as YAML."""
    return _filled("switch.yaml", NAME=name, FROM=from_, TO=to, MAP=f"map:{map_file}", URL=url)


def joined_manifest(from_: str, to: str, url: str) -> str:
    """That of the Service which pods of both clusters stand behind."""
    return _filled("switch-joined.yaml", FROM=from_, TO=to, URL=url)


def _filled(file: str, **words: str) -> str:
    text = (_LABS / file).read_text()
    for word, value in words.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return text


def loss_policy(switch: str) -> str:
    """The same switch as a policy, for when the cluster that has the traffic is lost."""
    head, spec = switch.split("\nspec:\n")
    head = head.replace("kind: Switch", "kind: SwitchPolicy")
    return f"{head}\nspec:\n  onLost: switch\n  traffic:\n{textwrap.indent(spec, '  ')}"
