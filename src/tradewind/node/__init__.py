"""Runs Pods as processes of this machine: scheduling, model cache, launching, probes, drain, adoption."""
