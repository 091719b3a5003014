"""The Kubernetes REST API over a store: object rules, and how they are spoken over HTTPS."""
