"""What runs on a node: files, programs and their arguments, in the places where kubeadm puts them."""

import json
import os
from pathlib import Path

from .addresses import Plan

API_PORT = 6443
NODE_CPUS = 2
BOOT_ID = "/proc/sys/kernel/random/boot_id"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
PAUSE_IMAGE = "evenkeel.dev/local/pause:1"
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
CONTROL_PLANE_TAINT = "node-role.kubernetes.io/control-plane"
# The label and taint by which everything that reads the Kubernetes API knows a virtual node (Virtual Kubelet, ACI).
VIRTUAL_LABELS = {"type": "virtual-kubelet"}
VIRTUAL_TAINT = "virtual-kubelet.io/provider=azure:NoSchedule"
_PKI = "/etc/kubernetes/pki"


def worker_files(plan: Plan, ordinal: int, pki: Path, name: str, kubeconfig: str,
                 proxy_kubeconfig: str) -> dict[str, str]:
    """The configuration of containerd, the network plugins, kubelet and kube-proxy, by path."""
    return {
        f"{_PKI}/ca.crt": (pki / "ca.crt").read_text(),
        "/var/lib/kubelet/pki/kubelet.crt": (pki / f"{name}.crt").read_text(),
        "/var/lib/kubelet/pki/kubelet.key": (pki / f"{name}.key").read_text(),
        "/etc/kubernetes/kubelet.conf": kubeconfig,
        "/etc/kubernetes/kube-proxy.conf": proxy_kubeconfig,
        "/etc/containerd/config.toml": _CONTAINERD,
        "/etc/cni/net.d/10-bridge.conflist": _network_plugins(plan.pod_network(ordinal)),
        "/var/lib/kubelet/config.yaml": _kubelet(plan.node_address(ordinal)),
    }


def worker(plan: Plan, ordinal: int, name: str, api_address: str, labels: dict[str, str],
           taint: str | None) -> list[dict]:
    """The services of every node, for machine_init."""
    kubelet = ["kubelet", "--config=/var/lib/kubelet/config.yaml", "--kubeconfig=/etc/kubernetes/kubelet.conf",
               "--container-runtime=remote", f"--container-runtime-endpoint=unix://{CONTAINERD_SOCKET}",
               f"--hostname-override={name}", f"--node-ip={plan.node_address(ordinal)}",
               "--node-labels=" + ",".join(f"{key}={value}" for key, value in labels.items())]
    if taint:
        kubelet.append(f"--register-with-taints={taint}")
    # A kubelet that starts before the API server retries ever more slowly, so it waits for it here.
    api = f"tcp:{api_address}:{API_PORT}"
    return [
        {"name": "containerd", "argv": ["containerd"]},
        # There is no registry: pods find their images here or nowhere, so they come before the kubelet.
        {"name": "import-images", "once": True, "after": [f"unix:{CONTAINERD_SOCKET}"],
         "argv": ["sh", "-ec", 'for image in /opt/images/*.tar; do ctr -n k8s.io images import "$image"; done']},
        {"name": "kubelet", "argv": kubelet, "after": ["done:import-images", api]},
        # The sizes of the connection table are the host's and cannot be set from inside a network namespace.
        {"name": "kube-proxy", "after": [api],
         "argv": ["kube-proxy", "--kubeconfig=/etc/kubernetes/kube-proxy.conf", "--proxy-mode=iptables",
                  # Who is outside, such as this machine, is answered by way of the node that it asked.
                  f"--cluster-cidr={plan.pod_networks}",
                  f"--hostname-override={name}", "--conntrack-max-per-core=0",
                  "--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s"]},
    ]


def control_plane_files(pki: Path, kubeconfigs: dict[str, str]) -> dict[str, str]:
    names = ("ca.key", "sa.key", "sa.pub", "apiserver.crt", "apiserver.key", "apiserver-kubelet-client.crt",
             "apiserver-kubelet-client.key")
    return {**{f"{_PKI}/{name}": (pki / name).read_text() for name in names},
            **{f"/etc/kubernetes/{name}.conf": text for name, text in kubeconfigs.items()}}


def control_plane(plan: Plan, address: str) -> list[dict]:
    """etcd and Kubernetes' own services."""
    etcd = "127.0.0.1:2379"
    peer = "http://127.0.0.1:2380"
    return [
        # Not syncing is safe here: what the page cache holds outlives every process and node of a local cluster.
        {"name": "etcd", "argv": [
            "etcd", "--data-dir=/var/lib/etcd", f"--listen-client-urls=http://{etcd}",
            f"--advertise-client-urls=http://{etcd}", f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}", "--unsafe-no-fsync"]},
        {"name": "kube-apiserver", "after": [f"tcp:{etcd}"], "argv": [
            "kube-apiserver", f"--etcd-servers=http://{etcd}", f"--advertise-address={address}",
            f"--secure-port={API_PORT}", f"--service-cluster-ip-range={plan.service_network}",
            "--allow-privileged=true", "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
            f"--client-ca-file={_PKI}/ca.crt", f"--tls-cert-file={_PKI}/apiserver.crt",
            f"--tls-private-key-file={_PKI}/apiserver.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={_PKI}/sa.pub", f"--service-account-signing-key-file={_PKI}/sa.key",
            f"--kubelet-certificate-authority={_PKI}/ca.crt",
            f"--kubelet-client-certificate={_PKI}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={_PKI}/apiserver-kubelet-client.key",
            # Nodes have no names that could be resolved.
            "--kubelet-preferred-address-types=InternalIP"]},
        {"name": "kube-controller-manager", "after": [f"tcp:{address}:{API_PORT}"], "argv": [
            "kube-controller-manager", "--kubeconfig=/etc/kubernetes/controller-manager.conf",
            "--leader-elect=false", "--use-service-account-credentials", f"--root-ca-file={_PKI}/ca.crt",
            f"--service-account-private-key-file={_PKI}/sa.key", f"--cluster-signing-cert-file={_PKI}/ca.crt",
            f"--cluster-signing-key-file={_PKI}/ca.key", "--port=0"]},
        {"name": "kube-scheduler", "after": [f"tcp:{address}:{API_PORT}"], "argv": [
            "kube-scheduler", "--kubeconfig=/etc/kubernetes/scheduler.conf", "--leader-elect=false", "--port=0"]},
    ]


_CONTAINERD = f"""\
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # The host's, which a node in a namespace cannot change.
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
"""


def _network_plugins(pod_network: str) -> str:
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True,
              "ipam": {"type": "host-local", "ranges": [[{"subnet": pod_network}]], "routes": [{"dst": "0.0.0.0/0"}]}}
    return json.dumps({"cniVersion": "0.3.1", "name": "pods",
                       "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]})


def _kubelet(address: str) -> str:
    return json.dumps({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "authentication": {"x509": {"clientCAFile": f"{_PKI}/ca.crt"}, "webhook": {"enabled": True},
                           "anonymous": {"enabled": False}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "/var/lib/kubelet/pki/kubelet.crt",
        "tlsPrivateKeyFile": "/var/lib/kubelet/pki/kubelet.key",
        "cgroupDriver": "cgroupfs",
        "enforceNodeAllocatable": [],
        # Nodes have two CPUs to give, whatever machine it is that they share: the labs count on it.
        "systemReserved": {"cpu": str(max((os.cpu_count() or NODE_CPUS) - NODE_CPUS, 0))},
        "failSwapOn": False,
        # All nodes share the host's disk. What is full on it is no node's fault, and an image that was collected to
        # make room could not be pulled again.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
    }, indent=1)
