"""Where the state of a fleet lies under its home folder, and nowhere else."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PartLayout:
    """Files of one control process (the hub or a member) and of its Envoy."""

    folder: Path
    log_folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file behind its API."""
        return self.folder / "store.db"

    @property
    def certificate(self) -> Path:
        """Its server and client certificate, PEM."""
        return self.folder / "tls.crt"

    @property
    def private_key(self) -> Path:
        """The key of `certificate`, PEM, readable by the owner only."""
        return self.folder / "tls.key"

    @property
    def token_key(self) -> Path:
        """The key that signs the tokens of its ServiceAccounts, PEM, readable by the owner only."""
        return self.folder / "tokens.key"

    @property
    def process(self) -> Path:
        """`ProcessRecord` of the control process."""
        return self.folder / "process.json"

    @property
    def envoy_process(self) -> Path:
        """`ProcessRecord` of its Envoy."""
        return self.folder / "envoy-process.json"

    @property
    def envoy_bootstrap(self) -> Path:
        """What its Envoy starts from."""
        return self.folder / "envoy.json"

    @property
    def pods(self) -> Path:
        """One `ProcessRecord` per running replica, `UID.json` by Pod uid."""
        return self.folder / "pods"

    @property
    def log(self) -> Path:
        """Output of the control process."""
        return self.log_folder / "control.log"

    @property
    def audit_log(self) -> Path:
        """Who wrote what through its API, a JSON line each; older ones in files with a number."""
        return self.log_folder / "audit.log"

    @property
    def envoy_log(self) -> Path:
        """Output of Envoy."""
        return self.log_folder / "envoy.log"

    @property
    def pod_logs(self) -> Path:
        """One folder of logs per Pod, see `pod_log_folder`."""
        return self.log_folder / "pods"

    def pod_log_folder(self, namespace: str, pod: str, uid: str) -> Path:
        """Output of a Pod, laid out as kubelet does: see `base.pod_logs`."""
        return self.pod_logs / f"{namespace}_{pod}_{uid}"


@dataclass(frozen=True)
class FleetLayout:
    """The home folder of one fleet."""

    home: Path

    @property
    def fleet_file(self) -> Path:
        """The fleet as it was started, JSON."""
        return self.home / "fleet.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the fleet."""
        return self.home / "lock"

    @property
    def kubeconfig(self) -> Path:
        """Contexts `hub` and one per member, for kubectl and every other client."""
        return self.home / "kubeconfig"

    @property
    def ca_certificate(self) -> Path:
        """The fleet's certificate authority, PEM."""
        return self.home / "ca" / "ca.crt"

    @property
    def ca_key(self) -> Path:
        """The authority's key, PEM, readable by the owner only."""
        return self.home / "ca" / "ca.key"

    @property
    def admin_certificate(self) -> Path:
        """Who the CLI and kubectl are, PEM."""
        return self.home / "ca" / "admin.crt"

    @property
    def admin_key(self) -> Path:
        """The key of `admin_certificate`, PEM, readable by the owner only."""
        return self.home / "ca" / "admin.key"

    @property
    def models(self) -> Path:
        """The model cache that all members on this machine share."""
        return self.home / "models"

    @property
    def hub(self) -> PartLayout:
        """The hub's files."""
        return PartLayout(self.home / "hub", self.home / "logs" / "hub")

    def member(self, name: str) -> PartLayout:
        """A member's files."""
        return PartLayout(self.home / "members" / name, self.home / "logs" / name)
