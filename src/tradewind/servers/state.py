"""What the endpoints of one server share."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tradewind.servers.admission import Admission
from tradewind.servers.errors import Refusal, model_not_found, model_not_ready, server_not_ready
from tradewind.servers.flags import Settings
from tradewind.servers.lifecycle import NEXT, WHY_NOT_READY, Event, Phase
from tradewind.servers.metrics import Metrics
from tradewind.servers.model import ServedModel
from tradewind.servers.workers import Workers


@dataclass
class ServerState:
    """One server; `phase` and `served` change, the rest is made once."""

    settings: Settings
    environment: Mapping[str, str]
    workers: Workers
    admission: Admission
    metrics: Metrics
    phase: Phase = Phase.LOADING
    served: ServedModel | None = None

    def advance(self, event: Event) -> None:
        """Move to the next phase."""
        self.phase = NEXT[self.phase, event]

    def why_not_ready(self) -> str:
        """One sentence, empty when ready."""
        return WHY_NOT_READY[self.phase]

    def require_name(self, name: str) -> None:
        """Refuse (404) any other model than the one served here."""
        if name != self.settings.model_name:
            raise model_not_found(name)

    def require_loaded(self, name: str) -> ServedModel:
        """The model, for a prediction: refused while loading, still answered while draining."""
        self.require_name(name)
        if self.served is None:
            raise model_not_ready(name, self.why_not_ready())
        return self.served

    def require_ready(self, name: str) -> None:
        """Refuse (404, 503) unless the model is ready for new requests."""
        self.require_name(name)
        if self.phase is not Phase.READY:
            raise model_not_ready(name, self.why_not_ready())

    def check_server_ready(self) -> Refusal | None:
        """The refusal that the server's own readiness answers with; None when ready."""
        return None if self.phase is Phase.READY else server_not_ready(self.why_not_ready())


STATE = web.AppKey("state", ServerState)
