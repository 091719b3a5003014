"""KServe's half of a member: InferenceServices become Revisions, Pods and Services.

`render` makes the Pod template, `revisions` numbers its changes, `rollout` says which revision serves and
how many replicas each has, `pods` brings the Pods there, and `status` tells what became of it. All of it
is pure; `controllers` reads the world and puts the plan together.
"""
