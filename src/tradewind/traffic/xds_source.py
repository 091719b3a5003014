"""Where an Envoy asks for its configuration: REST, long polls, plain JSON.

Shared by the bootstrap, which asks for listeners and clusters, and by these, which ask for routes
and endpoints, each on its own, so that a change of endpoints touches nothing else.
"""

XDS_CLUSTER = "tradewind-xds"
POLL_TIMEOUT_SECONDS = 60  # Envoy gives a poll up after this; the server answers before
POLL_PAUSE = "0.02s"  # between an answer and the next poll, doubled at random

XDS_SOURCE = {
    "resource_api_version": "V3",
    # A server that does not answer must not keep Envoy from starting with what it has.
    "initial_fetch_timeout": "5s",
    "api_config_source": {
        "api_type": "REST",
        "transport_api_version": "V3",
        "cluster_names": [XDS_CLUSTER],
        "refresh_delay": POLL_PAUSE,
        "request_timeout": f"{POLL_TIMEOUT_SECONDS}s",
    },
}
