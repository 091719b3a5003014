"""Traffic: Services and Pods become EndpointSlices, and those become Envoy's configuration."""
