// An agent as the protocol wants it: hello, a full report, beats; and answers to probes that nobody answers.
import grpc from '@grpc/grpc-js';

export class Agent {
  constructor(sessions, cluster, node, report) {
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
      const nobody = { outcome: 'OUTCOME_TIMED_OUT', detail: 'no answer' };
      this.stream.write({ probe_answer: { probe_id: message.probe_request.probe_id, kubelet_tcp: nobody, kubelet_tls: nobody, agent: nobody } });
    }
  }

  // Falls silent without a word, the connection left open, as a machine that lost its power.
  powerOff() {
    clearInterval(this.beats);
  }

  stop() {
    clearInterval(this.beats);
    this.stream.cancel();
  }
}
