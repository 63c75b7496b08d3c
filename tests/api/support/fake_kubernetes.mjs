// As much of a Kubernetes API server as the coordinator asks for: lists and watches that stay quiet, leases, and reviews of
// tokens and of access.
import https from 'node:https';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const now = () => new Date().toISOString().replace('Z', '000Z');

export class FakeKubernetes {
  constructor(identity) {
    this.objects = { nodes: [], pods: [], persistentvolumeclaims: [] };
    this.nodeLeases = new Map();  // name -> renewTime
    this.tokens = new Map();      // token -> user's name
    this.allowed = () => false;   // (user, resourceAttributes) -> may they
    this.claims = new Map();
    this.server = https.createServer({ cert: identity.cert, key: identity.key }, (request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += chunk; });
      request.on('end', () => this.#answer(request, body, response));
    });
  }

  // Listens, and writes a kubeconfig for it.
  async start(folder, caFile) {
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(this.kubeconfig, JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${this.server.address().port}`, 'certificate-authority': caFile } }],
      users: [{ name: 'test', user: { token: 'the-coordinators-own' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    }));
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  addNode(name, zone) {
    this.objects.nodes.push({
      apiVersion: 'v1', kind: 'Node',
      metadata: { name, uid: `uid-${name}`, resourceVersion: '1', labels: { zone, 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone } },
      spec: {},
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        conditions: [{ type: 'Ready', status: 'True' }],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      },
    });
    this.nodeLeases.set(name, now());
  }

  addPod(namespace, name, node, labels) {
    this.objects.pods.push({
      apiVersion: 'v1', kind: 'Pod',
      metadata: {
        name, namespace, uid: `uid-${name}`, resourceVersion: '1', labels, creationTimestamp: '2024-01-01T00:00:00Z',
        ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d9', uid: 'uid-web-5d9', controller: true }],
      },
      spec: { nodeName: node, containers: [{ name: 'app', image: 'app:1' }] },
      status: {
        phase: 'Running', podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{ name: 'app', image: 'app:1', ready: true, restartCount: 2 }],
      },
    });
  }

  #answer(request, body, response) {
    const url = new URL(request.url, 'https://kubernetes');
    const send = (code, object) => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(object));
    };
    const missing = () => send(404, { kind: 'Status', status: 'Failure', reason: 'NotFound', message: `${url.pathname} is not there`, code: 404 });
    const list = url.pathname.match(/^\/api\/v1\/(nodes|pods|persistentvolumeclaims)$/);
    if (list && url.searchParams.has('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } })}\n`);
      return;  // stays open, and quiet
    }
    if (list) return send(200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: this.objects[list[1]] });
    if (url.pathname === '/version') return send(200, { major: '1', minor: '20', gitVersion: 'v1.20.2' });
    const review = url.pathname.match(/\/(tokenreviews|subjectaccessreviews)$/);
    if (review) return send(201, this.#review(review[1], JSON.parse(body)));
    const nodeLease = url.pathname.match(/\/namespaces\/kube-node-lease\/leases\/(.+)$/);
    if (nodeLease && this.nodeLeases.has(nodeLease[1])) {
      return send(200, {
        metadata: { name: nodeLease[1], resourceVersion: '7', uid: 'u' },
        spec: { holderIdentity: nodeLease[1], renewTime: this.nodeLeases.get(nodeLease[1]) },
      });
    }
    if (url.pathname.includes('/leases')) return this.#claim(request.method, url, body, send, missing);
    if (request.method === 'POST') return send(201, JSON.parse(body));  // Events
    missing();
  }

  #claim(method, url, body, send, missing) {
    if (method === 'GET') {
      const claim = this.claims.get(url.pathname);
      return claim ? send(200, claim) : missing();
    }
    const claim = JSON.parse(body);
    claim.metadata.resourceVersion = '9';
    this.claims.set(method === 'POST' ? `${url.pathname}/${claim.metadata.name}` : url.pathname, claim);
    send(200, claim);
  }

  #review(kind, review) {
    if (kind === 'tokenreviews') {
      const username = this.tokens.get(review.spec.token);
      return { ...review, status: username ? { authenticated: true, user: { username, groups: ['system:authenticated'] } } : { authenticated: false, error: 'token unknown' } };
    }
    return { ...review, status: { allowed: this.allowed(review.spec.user, review.spec.resourceAttributes), reason: 'as the test says' } };
  }
}
