// Certificates for one test run, by openssl.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Authority {
  constructor(folder) {
    this.folder = folder;
    this.caFile = join(folder, 'ca.crt');
    openssl('req', '-x509', ...newKey, '-keyout', join(folder, 'ca.key'), '-out', this.caFile, '-subj', '/CN=ca', '-days', '1');
    this.ca = readFileSync(this.caFile);
  }

  // Of `subject`, as "/O=evenkeel:operators/CN=alice"; good for servers on loopback and for clients.
  issue(name, subject) {
    const path = (end) => join(this.folder, `${name}.${end}`);
    openssl('req', ...newKey, '-keyout', path('key'), '-out', path('csr'), '-subj', subject);
    writeFileSync(path('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
    openssl('x509', '-req', '-in', path('csr'), '-CA', this.caFile, '-CAkey', join(this.folder, 'ca.key'),
      '-CAcreateserial', '-out', path('crt'), '-days', '1', '-extfile', path('ext'));
    return { certFile: path('crt'), keyFile: path('key'), cert: readFileSync(path('crt')), key: readFileSync(path('key')) };
  }
}
