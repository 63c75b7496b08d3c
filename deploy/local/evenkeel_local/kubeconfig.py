"""Writes kubeconfig files: one cluster, one user with a client certificate, everything inside the file."""

import base64
from pathlib import Path


def write(path: Path, *, cluster: str, server: str, user: str, pki: Path, certificate: str) -> None:
    def embedded(name: str) -> str:
        return base64.b64encode((pki / name).read_bytes()).decode()

    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"""\
apiVersion: v1
kind: Config
current-context: {cluster}
contexts:
- name: {cluster}
  context: {{cluster: {cluster}, user: {user}}}
clusters:
- name: {cluster}
  cluster:
    server: {server}
    certificate-authority-data: {embedded("ca.crt")}
users:
- name: {user}
  user:
    client-certificate-data: {embedded(certificate + ".crt")}
    client-key-data: {embedded(certificate + ".key")}
""")
