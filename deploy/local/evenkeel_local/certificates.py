"""The cluster's certificate authority and what it signs, made with openssl.

All keys are P-256: made in milliseconds, where RSA keys for a cluster of some nodes would take seconds.
"""

from pathlib import Path
from typing import Sequence

from . import commands

_DAYS = "3650"
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A folder with `ca.crt`, `ca.key`, the service accounts' key pair, and every certificate it signed."""

    def __init__(self, folder: Path):
        self.folder = folder

    def ensure(self, cluster: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.folder / "ca.crt").exists():
            self._request("ca", f"/CN=evenkeel-local-{cluster}",
                          ["basicConstraints = critical, CA:TRUE",
                           "keyUsage = critical, keyCertSign, digitalSignature"])
        if not (self.folder / "sa.pub").exists():
            commands.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                          self.folder / "sa.key"])
            commands.run(["openssl", "ec", "-in", self.folder / "sa.key", "-pubout", "-out", self.folder / "sa.pub"])

    def certificate(self, name: str, subject: str, addresses: Sequence[str] = (), names: Sequence[str] = ()) -> None:
        """Makes NAME.crt and NAME.key unless they are there; `subject` as in /O=group/CN=user."""
        if (self.folder / f"{name}.crt").exists():
            return
        alternatives = [f"IP:{address}" for address in addresses] + [f"DNS:{host}" for host in names]
        extensions = ["basicConstraints = critical, CA:FALSE", "extendedKeyUsage = serverAuth, clientAuth"]
        if alternatives:
            extensions.append("subjectAltName = " + ", ".join(alternatives))
        self._request(name, subject, extensions, "-CA", self.folder / "ca.crt", "-CAkey", self.folder / "ca.key")

    def _request(self, name: str, subject: str, extensions: list[str], *signer: str | Path) -> None:
        configuration = self.folder / f"{name}.cnf"
        configuration.write_text("[req]\ndistinguished_name = dn\nx509_extensions = extensions\n[dn]\n[extensions]\n"
                                 + "\n".join(extensions) + "\n")
        unfinished = self.folder / f"{name}.crt.part"
        commands.run(["openssl", "req", "-x509", *_NEW_KEY, "-config", configuration, "-subj", subject,
                      "-days", _DAYS, *signer, "-keyout", self.folder / f"{name}.key", "-out", unfinished])
        configuration.unlink()
        unfinished.rename(self.folder / f"{name}.crt")
