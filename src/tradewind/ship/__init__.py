"""Kubernetes as a target: what a user's files become for a real Karmada, KServe and Istio."""
