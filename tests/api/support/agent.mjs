// An agent as the protocol wants it: hello, a full report, beats; and answers to probes, as true as they are here: who has lost
// its power cannot be reached, and everybody else can.
import grpc from '@grpc/grpc-js';

const off = new Set();

export class Agent {
  constructor(sessions, cluster, node, report) {
    this.node = node;
    const metadata = new grpc.Metadata();
    metadata.set('evenkeel-cluster', cluster);
    this.stream = sessions.Connect(metadata);
    this.stream.on('error', () => {});  // told by the fleet, which the test looks at
    this.stream.on('data', (message) => this.#take(message, report));
    this.stream.write({ hello: { cluster, node, agent_version: '9.9', boot_id: `boot-${node}`, agent_port: 7444, node_time: this.#now() } });
  }

  #now() {
    const ms = Date.now();
    return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
  }

  #take(message, report) {
    if (message.welcome) {
      const interval = message.welcome.beat_interval;
      const ms = Number(interval.seconds) * 1000 + interval.nanos / 1e6;
      clearInterval(this.beats);
      if (this.sequence === undefined) {
        this.sequence = 0;
        this.stream.write({ report: { full: true, node_time: this.#now(), ...report } });
      }
      this.beats = setInterval(() => this.stream.write({ beat: { sequence: ++this.sequence, node_time_ms: Date.now() } }), ms);
    } else if (message.probe_request) {
      const found = off.has(message.probe_request.target_node)
        ? { outcome: 'OUTCOME_TIMED_OUT', detail: 'no answer' } : { outcome: 'OUTCOME_REACHED', detail: '' };
      this.stream.write({ probe_answer: { probe_id: message.probe_request.probe_id, kubelet_tcp: found, kubelet_tls: found, agent: found } });
    }
  }

  // Falls silent without a word, the connection left open, as a machine that lost its power.
  powerOff() {
    off.add(this.node);
    clearInterval(this.beats);
  }

  stop() {
    clearInterval(this.beats);
    this.stream.cancel();
  }
}
