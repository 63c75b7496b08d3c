// The API of a running coordinator, read by a gRPC client that nobody of Evenkeel wrote (@grpc/grpc-js), over TLS with
// client certificates and tokens. Kubernetes and the agents around it are played here; what the coordinator sees of them and
// decides must come back by the documented names, pages, watches and errors.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { Agent } from './support/agent.mjs';
import { Authority } from './support/certificates.mjs';
import { FakeKubernetes } from './support/fake_kubernetes.mjs';

const protos = join(dirname(fileURLToPath(import.meta.url)), '../../proto');
const api = grpc.loadPackageDefinition(loader.loadSync(
  ['agent_session', 'burst', 'decision', 'fencing', 'fleet', 'maintenance', 'policy', 'replay', 'scaler', 'switch'].map((name) => `evenkeel/v1/${name}.proto`),
  { includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true })).evenkeel.v1;

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-api-'));
const authority = new Authority(folder);
const kubernetes = new FakeKubernetes(authority.issue('kubernetes', '/CN=kubernetes'));
const agents = new Map();
let coordinator;
let address;

const deadline = () => new Date(Date.now() + 30_000);
const identity = (name, subject) => {
  const { key, cert } = authority.issue(name, subject);
  return grpc.credentials.createSsl(authority.ca, key, cert);
};
const operator = identity('operator', '/O=evenkeel:operators/CN=alice');
const viewer = identity('viewer', '/O=evenkeel:viewers/CN=bob');
const stranger = grpc.credentials.createSsl(authority.ca);

// Calls `client[method]`; resolves to the response, rejects with the gRPC error.
const call = (client, method, request, { metadata = new grpc.Metadata(), options = { deadline: deadline() } } = {}) =>
  new Promise((resolve, reject) => {
    client[method](request, metadata, options, (error, response) => (error ? reject(error) : resolve(response)));
  });
// Waits for the first message of a stream that `wanted` says yes to, and gives all up to it.
const until = (stream, wanted) => new Promise((resolve, reject) => {
  const seen = [];
  stream.on('data', (message) => {
    seen.push(message);
    if (wanted(message)) {
      resolve(seen);
      stream.cancel();
    }
  });
  stream.on('error', reject);  // after resolve: the cancellation, which changes nothing any more
});
// Asks until the answer is yes.
const eventually = async (asks) => {
  for (const end = deadline(); !(await asks());) {
    assert.ok(new Date() < end, `still not: ${asks}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
};
const bearer = (token) => {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};
const fleet = (credentials = operator) => new api.FleetService(address, credentials);
const decisions = (credentials = operator) => new api.DecisionService(address, credentials);
const policies = (credentials = operator) => new api.PolicyService(address, credentials);
const maintenances = (credentials = operator) => new api.MaintenanceService(address, credentials);
const fencing = (credentials = operator) => new api.FencingService(address, credentials);
const scalers = (credentials = operator) => new api.ScalerService(address, credentials);
const bursts = (credentials = operator) => new api.BurstService(address, credentials);
const switches = (credentials = operator) => new api.SwitchService(address, credentials);
const replays = (credentials = operator) => new api.ReplayService(address, credentials);
// All answers of a replay; rejects with its error.
const replayed = (request, { credentials = operator, options = { deadline: deadline() } } = {}) =>
  new Promise((resolve, reject) => {
    const stream = replays(credentials).Replay(request, options);
    const answers = [];
    stream.on('data', (answer) => answers.push(answer));
    stream.on('end', () => resolve(answers));
    stream.on('error', reject);
  });

const report = {
  node: { kubelet: { state: 'PART_STATE_HEALTHY' }, cpu: { cpus: 4, used_millicores: 250 } },
  pods: [{
    uid: 'uid-web-1', namespace: 'shop', name: 'web-1', sandbox_ready: true,
    containers: [{ name: 'app', container_id: 'c1', image: 'app:1', state: 'CONTAINER_STATE_RUNNING', cpu_used_millicores: 120, memory_working_set_bytes: 4096 }],
  }],
};

before(async () => {
  for (const [node, zone] of [['n1', 'a'], ['n2', 'b'], ['n3', 'c']]) kubernetes.addNode(node, zone);
  kubernetes.addPod('shop', 'web-1', 'n1', { app: 'web' });
  kubernetes.addPod('shop', 'web-2', 'n3', { app: 'web' });
  kubernetes.addPod('other', 'job-1', 'n2', { app: 'job' });
  kubernetes.tokens.set('carol-token', 'carol');
  kubernetes.allowed = (user, asked) =>
    user === 'carol' && asked.group === 'evenkeel.dev' && asked.resource === 'nodes' && asked.verb === 'list';
  await kubernetes.start(folder, authority.caFile);

  const server = authority.issue('server', '/CN=localhost');
  coordinator = spawn(process.env.EVENKEEL_COORDINATOR, [
    `--cluster=c1=${kubernetes.kubeconfig}`, `--data=${join(folder, 'data')}`, '--listen=127.0.0.1:0', '--http-listen=127.0.0.1:0',
    `--certificate-file=${server.certFile}`, `--key-file=${server.keyFile}`, `--client-ca-file=${authority.caFile}`, '--log-format=json',
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  const started = await new Promise((resolve, reject) => {
    let text = '';
    coordinator.stderr.on('data', (chunk) => {
      process.stderr.write(chunk);
      text += chunk;
      const line = text.split('\n').find((each) => each.includes('"message":"started"') && each.endsWith('}'));
      if (line) resolve(JSON.parse(line));
    });
    coordinator.on('exit', (code) => reject(new Error(`the coordinator ended with ${code}`)));
  });
  address = `localhost:${started.port}`;

  for (const node of ['n1', 'n2', 'n3']) {
    const sessions = new api.AgentSessionService(address, identity(node, `/O=evenkeel:agents:c1/CN=${node}`));
    agents.set(node, new Agent(sessions, 'c1', node, node === 'n1' ? report : {}));
  }
  // Everything there, every agent heard, and the coordinator past its own first doubts.
  await until(fleet().WatchFleet({ kinds: ['KIND_CLUSTER'] }, { deadline: deadline() }),
    ({ cluster }) => cluster?.nodes === 3 && cluster.healthy_nodes === 3 && cluster.agents === 3 && cluster.pods === 3 && !cluster.blind);
});

after(async () => {
  for (const agent of agents.values()) agent.stop();
  if (coordinator && coordinator.exitCode === null) {
    const ended = new Promise((resolve) => coordinator.removeAllListeners('exit').on('exit', resolve));
    coordinator.kill('SIGTERM');
    assert.equal(await ended, 0, 'a coordinator that is told to stop ends well');
  }
  kubernetes.stop();
  rmSync(folder, { recursive: true });
});

// Clusters, nodes, pods and containers come with what Kubernetes shows and the agent reports.
test('the fleet is listed and got by name', async () => {
  const { clusters } = await call(fleet(), 'ListClusters', {});
  assert.deepEqual(clusters.map(({ name, kubernetes_version, api_state, nodes }) => [name, kubernetes_version, api_state, nodes]),
    [['clusters/c1', 'v1.20.2', 'API_STATE_READY', 3]]);

  const { node } = await call(fleet(), 'GetNode', { name: 'clusters/c1/nodes/n1' });
  assert.equal(node.verdict, 'VERDICT_HEALTHY');
  assert.equal(node.failure_domain, 'a');
  assert.equal(node.agent_version, '9.9');
  assert.equal(node.report.cpu.used_millicores, '250');
  assert.equal(node.pods, 1);

  const { pod } = await call(fleet(), 'GetPod', { name: 'clusters/c1/namespaces/shop/pods/web-1' });
  assert.equal(pod.controller, 'ReplicaSet/web-5d9');
  assert.equal(pod.cpu_used_millicores, '120');
  assert.equal(pod.containers[0].report.state, 'CONTAINER_STATE_RUNNING');
  const { container } = await call(fleet(), 'GetContainer', { name: 'clusters/c1/namespaces/shop/pods/web-1/containers/app' });
  assert.equal(container.restarts, 2);
});

// AIP-158: pages join without gap or repetition, and a token serves only the request it came from.
test('listings come in pages and by label', async () => {
  const first = await call(fleet(), 'ListNodes', { parent: 'clusters/c1', page_size: 2 });
  const second = await call(fleet(), 'ListNodes', { parent: 'clusters/c1', page_size: 2, page_token: first.next_page_token });
  assert.deepEqual([...first.nodes, ...second.nodes].map(({ name }) => name), ['n1', 'n2', 'n3'].map((name) => `clusters/c1/nodes/${name}`));
  assert.equal(second.next_page_token, '');
  await assert.rejects(call(fleet(), 'ListNodes', { parent: 'clusters/-', page_token: first.next_page_token }),
    { code: grpc.status.INVALID_ARGUMENT });

  const chosen = await call(fleet(), 'ListNodes', { parent: 'clusters/-', label_selector: 'zone in (a,c)' });
  assert.deepEqual(chosen.nodes.map(({ name }) => name), ['clusters/c1/nodes/n1', 'clusters/c1/nodes/n3']);
  const web = await call(fleet(), 'ListPods', { parent: 'clusters/c1/namespaces/-', label_selector: 'app=web', node: 'n3' });
  assert.deepEqual(web.pods.map(({ name }) => name), ['clusters/c1/namespaces/shop/pods/web-2']);
});

// A client learns what it asked for wrongly, in words and as a machine reads it (google.rpc.ErrorInfo).
test('errors name what is wrong', async () => {
  await assert.rejects(call(fleet(), 'GetNode', { name: 'clusters/c1/nodes/none' }), (error) => {
    assert.equal(error.code, grpc.status.NOT_FOUND);
    assert.match(error.details, /clusters\/c1\/nodes\/none/);
    assert.match(String(error.metadata.get('grpc-status-details-bin')[0]), /evenkeel\.dev/);
    return true;
  });
  await assert.rejects(call(fleet(), 'GetNode', { name: 'nodes/n1' }), { code: grpc.status.INVALID_ARGUMENT });
  await assert.rejects(call(fleet(), 'ListClusters', {}, { options: {} }), { code: grpc.status.INVALID_ARGUMENT, details: /deadline/ });
});

// A policy is refused by the name of its field, tried without effect, applied, guarded by its etag, and deleted.
test('policies are checked, applied and deleted', async () => {
  const policy = { name: 'policies/web', failover: { cluster: 'c1', mode: 'POLICY_MODE_OBSERVE', witnesses: 11 } };
  await assert.rejects(call(policies(), 'ApplyPolicy', { policy }), { code: grpc.status.INVALID_ARGUMENT, details: /policy\.failover\.witnesses/ });
  policy.failover.witnesses = 2;
  const tried = await call(policies(), 'ApplyPolicy', { policy, validate_only: true });
  assert.equal(tried.policy.failover.recovery_timeout.seconds, '300');
  await assert.rejects(call(policies(), 'GetPolicy', { name: 'policies/web' }), { code: grpc.status.NOT_FOUND });

  const applied = await call(policies(), 'ApplyPolicy', { policy });
  assert.equal(applied.created, true);
  await assert.rejects(call(policies(), 'ApplyPolicy', { policy: { ...policy, etag: 'stale' } }), { code: grpc.status.ABORTED });
  const { policies: all } = await call(policies(), 'ListPolicies', {});
  assert.deepEqual(all.map(({ name, failover }) => [name, failover.witnesses]), [['policies/web', 2]]);
  await call(policies(), 'DeletePolicy', { name: 'policies/web', etag: applied.policy.etag });
  assert.deepEqual((await call(policies(), 'ListPolicies', {})).policies, []);
});

// A scale policy is one more kind, and has a scaler as soon as it is in force: seen, or with the reason why not.
test('scale policies are checked, and their scalers shown', async () => {
  const policy = { name: 'policies/scale', scale: { cluster: 'c1', target: { namespace: 'shop', name: 'web' }, max_replicas: 10 } };
  const refused = (scale, pattern) => assert.rejects(
    call(policies(), 'ApplyPolicy', { policy: { ...policy, scale: { ...policy.scale, ...scale } } }),
    { code: grpc.status.INVALID_ARGUMENT, details: pattern });
  await refused({ max_replicas: 0 }, /policy\.scale\.max_replicas/);
  await refused({ min_replicas: 11 }, /policy\.scale\.max_replicas/);
  await refused({ scale_up: { rates: [{ pods: 1, percent: 1 }] } }, /policy\.scale\.scale_up\.rates\[0\]/);
  const { policy: applied } = await call(policies(), 'ApplyPolicy', { policy });
  assert.equal(applied.scale.target.api_version, 'apps/v1');
  assert.equal(applied.scale.cpu_percent, 80);

  let scaler;
  await eventually(async () => {
    [scaler] = (await call(scalers(viewer), 'ListScalers', {})).scalers;
    return scaler !== undefined;
  });
  assert.deepEqual([scaler.name, scaler.policy, scaler.cluster, scaler.target.name], ['scalers/scale', 'policies/scale', 'c1', 'web']);
  assert.equal((await call(scalers(), 'GetScaler', { name: 'scalers/scale' })).scaler.max_replicas, '10');
  assert.ok(scaler.conditions.some(({ type }) => type === 'Able'));
  assert.notEqual(scaler.reason, '');
  const watched = await until(scalers().WatchScalers({ cluster: 'c1' }, { deadline: deadline() }), ({ type }) => type === 'TYPE_SYNCED');
  assert.deepEqual(watched.map(({ type }) => type), ['TYPE_ADDED', 'TYPE_SYNCED']);
  assert.deepEqual((await call(decisions(), 'ListDecisions', { workload: 'namespaces/shop/deployments/other' })).decisions, []);
  await assert.rejects(call(decisions(), 'ListDecisions', { workload: 'shop/web' }), { code: grpc.status.INVALID_ARGUMENT, details: /workload/ });
  await assert.rejects(call(scalers(), 'GetScaler', { name: 'scalers/other' }), { code: grpc.status.NOT_FOUND });
  await assert.rejects(call(scalers(stranger), 'ListScalers', {}), { code: grpc.status.UNAUTHENTICATED });

  const takeOver = { namespace: 'shop', autoscaler: 'none' };
  // It makes a policy, or changes the one that is there.
  for (const [policy, right] of [['policies/new', /create policies/], ['policies/scale', /update policies/]]) {
    await assert.rejects(call(scalers(viewer), 'TakeOverAutoscaler', { ...takeOver, policy }), { code: grpc.status.PERMISSION_DENIED, details: right });
  }
  await assert.rejects(call(scalers(), 'TakeOverAutoscaler', takeOver), { code: grpc.status.NOT_FOUND });
  await assert.rejects(call(scalers(), 'TakeOverAutoscaler', { ...takeOver, autoscaler: '' }), { code: grpc.status.INVALID_ARGUMENT, details: /autoscaler/ });
  await assert.rejects(call(scalers(), 'TakeOverAutoscaler', { ...takeOver, cluster: 'nowhere' }), { code: grpc.status.INVALID_ARGUMENT, details: /cluster/ });

  await call(policies(), 'DeletePolicy', { name: 'policies/scale' });
  await eventually(async () => (await call(scalers(), 'ListScalers', {})).scalers.length === 0);
});

// How a cluster uses virtual nodes is shown as soon as a burst policy is in force, and gone with it.
test('bursts are shown', async () => {
  await assert.rejects(call(bursts(), 'GetBurst', { name: 'bursts/c1' }), { code: grpc.status.NOT_FOUND });
  const policy = { name: 'policies/burst', burst: { cluster: 'c1', caps: { pods: 8, cost: '2.50' }, prices: { core_hour: '0.04', currency: 'USD' } } };
  await call(policies(), 'ApplyPolicy', { policy });
  let burst;
  await eventually(async () => {
    [burst] = (await call(bursts(viewer), 'ListBursts', {})).bursts;
    return burst?.valve === 'VALVE_UNRULED';
  });
  assert.deepEqual([burst.name, burst.policy, burst.cluster, burst.mode], ['bursts/c1', 'policies/burst', 'c1', 'POLICY_MODE_OBSERVE']);
  assert.deepEqual([burst.caps.pods, burst.caps.cost, burst.node_count], [8, '2.5', 0]);
  assert.notEqual(burst.reason, '');
  assert.equal((await call(bursts(), 'GetBurst', { name: 'bursts/c1' })).burst.ledger, null);
  const watched = await until(bursts().WatchBursts({ cluster: 'c1' }, { deadline: deadline() }), ({ type }) => type === 'TYPE_SYNCED');
  assert.deepEqual(watched.map(({ type }) => type), ['TYPE_ADDED', 'TYPE_SYNCED']);
  assert.deepEqual((await call(bursts(), 'ListBursts', { cluster: 'other' })).bursts, []);
  await assert.rejects(call(bursts(), 'GetBurst', { name: 'clusters/c1' }), { code: grpc.status.INVALID_ARGUMENT, details: /name/ });
  await assert.rejects(call(bursts(), 'ListBursts', { page_token: 'x' }), { code: grpc.status.INVALID_ARGUMENT });
  await assert.rejects(call(bursts(stranger), 'ListBursts', {}), { code: grpc.status.UNAUTHENTICATED });
  await call(policies(), 'DeletePolicy', { name: 'policies/burst' });
  await eventually(async () => (await call(bursts(), 'ListBursts', {})).bursts.length === 0);
});

// A switch is planned, started and watched to its end, which here is the preflight: there is no other cluster. What moves
// traffic needs an operator and the name of the cluster that gets it.
test('switches are planned, started, watched and remembered', async () => {
  const spec = {
    from: 'c1', to: 'c2', mode: 'SWITCH_MODE_ENFORCE',
    applications: [{ namespace: 'shop', service: 'web' }],
    routes: [{ gateway: 'edge', route: 'web', blue: 'c1', green: 'c2' }],
    steps: [{ percent: 10 }, { percent: 100 }],
  };
  const request = { switch_id: 'web', spec };
  await assert.rejects(call(switches(viewer), 'PlanSwitch', request), { code: grpc.status.PERMISSION_DENIED });
  await assert.rejects(call(switches(), 'PlanSwitch', { ...request, spec: { ...spec, steps: [{ percent: 10 }] } }),
    { code: grpc.status.INVALID_ARGUMENT, details: /spec\.steps/ });
  await assert.rejects(call(switches(), 'StartSwitch', request), { code: grpc.status.INVALID_ARGUMENT, details: /confirm_cluster.*"c2"/ });
  await assert.rejects(call(switches(), 'PauseSwitch', { name: 'switches/web' }), { code: grpc.status.NOT_FOUND });

  const plan = await call(switches(), 'PlanSwitch', request);
  assert.equal(plan.findings[0].severity, 'SEVERITY_BLOCKER');
  assert.ok(plan.findings.some(({ code, subject }) => code === 'CODE_CLUSTER' && subject.includes('c2')));
  assert.equal(plan.spec.hold.length.seconds, '600');
  assert.deepEqual((await call(switches(viewer), 'ListSwitches', {})).switches, []);

  const { traffic_switch: begun } = await call(switches(), 'StartSwitch', { ...request, confirm_cluster: 'c2' });
  assert.deepEqual([begun.switch_id, begun.spec.from], ['web', 'c1']);
  const told = await until(switches(viewer).WatchSwitch({ name: 'switches/web' }, { deadline: deadline() }),
    ({ traffic_switch: one }) => one.end_time !== null);
  const ended = told.at(-1).traffic_switch;
  const id = begun.decision.split('/')[1];
  assert.deepEqual([ended.name, ended.switch_id, ended.end], [`switches/${id}`, 'web', 'END_REFUSED']);

  for (const name of ['switches/web', `switches/${id}`]) {
    assert.equal((await call(switches(viewer), 'GetSwitch', { name })).traffic_switch.outcome, ended.outcome);
  }
  const { switches: all } = await call(switches(viewer), 'ListSwitches', { page_size: 1 });
  assert.deepEqual(all.map(({ decision }) => decision), [begun.decision]);
  assert.deepEqual((await call(switches(), 'ListSwitches', { open_only: true })).switches, []);
  const { decision } = await call(decisions(), 'GetDecision', { name: begun.decision });
  assert.deepEqual([decision.kind, decision.state], ['KIND_SWITCH', 'STATE_REFUSED']);
  await assert.rejects(call(switches(), 'CommitSwitch', { name: 'switches/web', confirm_cluster: 'c2' }),
    { code: grpc.status.FAILED_PRECONDITION, details: /has ended/ });
  await assert.rejects(call(switches(), 'GetSwitch', { name: 'web' }), { code: grpc.status.INVALID_ARGUMENT, details: /name/ });
});

// Nothing but health is told to somebody without an identity, and to each no more than it may see.
test('only those who may are let in', async () => {
  await assert.rejects(call(fleet(stranger), 'ListNodes', { parent: 'clusters/-' }), { code: grpc.status.UNAUTHENTICATED });
  await assert.rejects(call(fleet(stranger), 'ListNodes', { parent: 'clusters/-' }, { metadata: bearer('nonsense') }),
    { code: grpc.status.UNAUTHENTICATED });
  const { nodes } = await call(fleet(stranger), 'ListNodes', { parent: 'clusters/-' }, { metadata: bearer('carol-token') });
  assert.equal(nodes.length, 3);
  await assert.rejects(call(fleet(stranger), 'ListPods', { parent: 'clusters/-/namespaces/-' }, { metadata: bearer('carol-token') }),
    { code: grpc.status.PERMISSION_DENIED, details: /"carol".*resources \[pods\].*verbs \[list\]/s });
  await assert.rejects(call(policies(viewer), 'DeletePolicy', { name: 'policies/web' }), { code: grpc.status.PERMISSION_DENIED });
  const agent = identity('other-agent', '/O=evenkeel:agents:c1/CN=n9');
  await assert.rejects(call(fleet(agent), 'ListNodes', { parent: 'clusters/-' }), { code: grpc.status.PERMISSION_DENIED });
});

// Health asks for no identity; reflection, which shows more, does. Both speak raw bytes here: no proto of ours describes them.
test('health is open to all and reflection is not', async () => {
  const raw = (bytes) => bytes;
  const health = await new Promise((resolve, reject) => {
    new grpc.Client(address, stranger).makeUnaryRequest('/grpc.health.v1.Health/Check', raw, raw, Buffer.alloc(0),
      { deadline: deadline() }, (error, response) => (error ? reject(error) : resolve(response)));
  });
  assert.deepEqual([...health], [0x08, 0x01]);  // status: SERVING

  const services = (credentials) => new Promise((resolve, reject) => {
    const stream = new grpc.Client(address, credentials).makeBidiStreamRequest(
      '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', raw, raw, { deadline: deadline() });
    stream.on('data', (bytes) => { resolve(String(bytes)); stream.end(); });
    stream.on('error', reject);
    stream.write(Buffer.from([0x3a, 0x01, 0x2a]));  // list_services: "*"
  });
  assert.match(await services(viewer), /evenkeel\.v1\.FleetService/);
  await assert.rejects(services(stranger));
});

// A node loses its power: the watch shows it, and the decision, only observed without a policy, explains it.
test('a dead node is watched and its decision read', async () => {
  const fleetWatch = until(fleet().WatchFleet({ kinds: ['KIND_NODE'], parent: 'clusters/c1' }, { deadline: deadline() }),
    ({ type, node }) => type === 'TYPE_MODIFIED' && node.name.endsWith('/n3') && node.verdict === 'VERDICT_DEAD');
  const decisionWatch = until(decisions().WatchDecisions({ cluster: 'c1' }, { deadline: deadline() }),
    ({ decision }) => decision?.kind === 'KIND_FAILOVER' && decision.node === 'n3' && decision.state !== 'STATE_OPEN');
  agents.get('n3').powerOff();

  const seen = await fleetWatch;
  const synced = seen.findIndex(({ type }) => type === 'TYPE_SYNCED');
  assert.deepEqual(seen.slice(0, synced).map(({ type, node }) => [type, node.name]),
    ['n1', 'n2', 'n3'].map((name) => ['TYPE_ADDED', `clusters/c1/nodes/${name}`]));

  const { decision: told } = (await decisionWatch).at(-1);
  const { decision } = await call(decisions(), 'GetDecision', { name: told.name });
  assert.equal(decision.state, 'STATE_OBSERVED');
  assert.equal(decision.verdict, 'VERDICT_DEAD');
  assert.ok(decision.evidence.some(({ direction }) => direction === 'DIRECTION_AGAINST_LIFE'));
  assert.ok(decision.guards.some(({ guard, allowed }) => guard === 'mode' && !allowed));
  const listed = await call(decisions(), 'ListDecisions', { node: 'n3', kinds: ['KIND_FAILOVER'] });
  assert.deepEqual(listed.decisions.map(({ name }) => name), [decision.name]);
});

// An operator's word about a machine is taken from operators alone, and only where something would follow from it.
test('that a node is off is confirmed by operators only, and where it may matter', async () => {
  const confirm = (node) => ({ name: `clusters/c1/nodes/${node}`, reason: 'pulled the plug' });
  await assert.rejects(call(fencing(viewer), 'ConfirmFence', confirm('n3')), { code: grpc.status.PERMISSION_DENIED });
  await assert.rejects(call(fencing(), 'ConfirmFence', { name: 'n3' }), { code: grpc.status.INVALID_ARGUMENT, details: /name/ });
  await assert.rejects(call(fencing(), 'ConfirmFence', { ...confirm('n3'), reason: 'x'.repeat(501) }), { code: grpc.status.INVALID_ARGUMENT, details: /reason/ });
  await assert.rejects(call(fencing(), 'ConfirmFence', confirm('n99')), { code: grpc.status.NOT_FOUND });
  await assert.rejects(call(fencing(), 'ConfirmFence', confirm('n1')), { code: grpc.status.FAILED_PRECONDITION, details: /HEALTHY and not DEAD/ });
  // Dead, but without a policy that enforces.
  await assert.rejects(call(fencing(), 'ConfirmFence', confirm('n3')), { code: grpc.status.FAILED_PRECONDITION, details: /observe/ });
});

test('maintenance and pause are ordered, shown and ended', async () => {
  const name = 'clusters/c1/maintenances/n2';
  const start = { name, duration: { seconds: 3600 }, reason: 'new disk' };
  await assert.rejects(call(maintenances(viewer), 'StartMaintenance', start), { code: grpc.status.PERMISSION_DENIED });
  await assert.rejects(call(maintenances(), 'StartMaintenance', { ...start, duration: { seconds: 1 } }), { code: grpc.status.INVALID_ARGUMENT, details: /duration/ });
  await assert.rejects(call(maintenances(), 'StartMaintenance', { ...start, name: 'clusters/c1/maintenances/n99' }), { code: grpc.status.NOT_FOUND });
  await assert.rejects(call(maintenances(), 'GetMaintenance', { name }), { code: grpc.status.NOT_FOUND });
  await call(maintenances(), 'StartMaintenance', start);
  const { maintenances: all } = await call(maintenances(viewer), 'ListMaintenances', { parent: 'clusters/-' });
  assert.deepEqual(all.map((window) => [window.name, window.reason]), [[name, 'new disk']]);
  // The fleet's picture follows an order's answer.
  await eventually(async () => (await call(fleet(), 'GetNode', { name: 'clusters/c1/nodes/n2' })).node.maintenance?.name === name);
  await call(maintenances(), 'EndMaintenance', { name });
  await assert.rejects(call(maintenances(), 'EndMaintenance', { name }), { code: grpc.status.NOT_FOUND });

  const { pauses } = await call(maintenances(), 'PauseCluster', { name: 'clusters/-', reason: 'work' });
  assert.deepEqual(pauses.map(({ cluster, end_time }) => [cluster, end_time]), [['clusters/c1', null]]);
  await eventually(async () => (await call(fleet(), 'GetCluster', { name: 'clusters/c1' })).cluster.pause?.reason === 'work');
  await assert.rejects(call(maintenances(viewer), 'ResumeCluster', { name: 'clusters/-' }), { code: grpc.status.PERMISSION_DENIED });
  assert.equal((await call(maintenances(), 'ResumeCluster', { name: 'clusters/c1' })).pauses.length, 1);
  assert.equal((await call(maintenances(), 'ResumeCluster', { name: 'clusters/c1' })).pauses.length, 0);
});

// What led to that decision is told to the same core again: it decides the same, and under another policy otherwise.
test('a decision is replayed, and another policy is tried on it', async () => {
  const since = { seconds: Math.floor(Date.now() / 1000) - 600 };
  const verified = await replayed({ start_time: since }, { credentials: viewer });
  const { summary } = verified.at(-1);
  assert.equal(summary.faithful, true);
  assert.equal(summary.differing, 0);
  const failover = verified.find(({ comparison }) => comparison?.recorded.kind === 'KIND_FAILOVER' && comparison.recorded.node === 'n3');
  assert.equal(failover.comparison.result, 'RESULT_SAME');

  const policy = { name: 'policies/tried', failover: { cluster: 'c1', mode: 'POLICY_MODE_ENFORCE' } };
  const tried = await replayed({ start_time: since, policy });
  assert.ok(tried.at(-1).summary.differing > 0);
  assert.ok(tried.at(-1).summary.part_time);
  assert.ok(tried.at(-1).summary.notes.some((note) => note.includes('the two worlds part')));
  const other = tried.find(({ comparison }) => comparison?.recorded?.name === failover.comparison.recorded.name);
  assert.equal(other.comparison.result, 'RESULT_DIFFERENT');
  assert.ok(other.comparison.differences.some(({ field }) => field === 'state'));
});

test('a replay that makes no sense is refused', async () => {
  const seconds = Math.floor(Date.now() / 1000);
  const refused = (code, pattern) => (error) => error.code === code && pattern.test(error.details);
  await assert.rejects(replayed({}), refused(grpc.status.INVALID_ARGUMENT, /start_time/));
  await assert.rejects(replayed({ start_time: { seconds }, end_time: { seconds: 1 } }), refused(grpc.status.INVALID_ARGUMENT, /end_time/));
  await assert.rejects(replayed({ start_time: { seconds }, policy: { name: 'policies/p', failover: { cluster: 'nowhere' } } }),
    refused(grpc.status.INVALID_ARGUMENT, /cluster/));
  await assert.rejects(replayed({ start_time: { seconds: seconds - 600 }, decision: 'decisions/4711-1' }),
    refused(grpc.status.NOT_FOUND, /neither made nor changed/));
  await assert.rejects(replayed({ start_time: { seconds } }, { options: {} }), refused(grpc.status.INVALID_ARGUMENT, /deadline/));
  await assert.rejects(replayed({ start_time: { seconds } }, { credentials: stranger }), refused(grpc.status.UNAUTHENTICATED, /./));
});
