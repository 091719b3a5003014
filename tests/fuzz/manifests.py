"""A valid manifest of every kind, to be spoilt."""

from typing import Any

from tradewind.resources.kinds import Kind

_REFERENCE = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "namespace": "d"}
_AFFINITY = {
    "clusterNames": ["a"],
    "labelSelector": {
        "matchLabels": {"a": "b"},
        "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
    },
}
_CONTAINER = {
    "name": "kserve-container",
    "image": "kserve/sklearnserver:v1",
    "args": ["--port=8080"],
    "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}],
    "ports": [{"containerPort": 8080, "protocol": "TCP", "name": "http"}],
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": 1}},
    "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    "volumeMounts": [{"name": "v", "mountPath": "/v"}],
}
_BINDING = {
    "spec": {
        "resource": _REFERENCE,
        "replicas": 2,
        "clusters": [{"name": "a", "replicas": 2}],
        "placement": {"clusterAffinity": _AFFINITY},
    },
    "status": {"conditions": [{"type": "Scheduled", "status": "True"}]},
}
_OVERRIDE = {
    "spec": {
        "resourceSelectors": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "c"}],
        "overrideRules": [
            {
                "targetCluster": _AFFINITY,
                "overriders": {
                    "plaintext": [{"path": "/data/a", "operator": "replace", "value": "b"}],
                    "imageOverrider": [{"component": "Tag", "operator": "replace", "value": "v2"}],
                    "labelsOverrider": [{"operator": "add", "value": {"a": "b"}}],
                },
            }
        ],
    }
}
_PROPAGATION = {
    "spec": {
        "resourceSelectors": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "c"}],
        "placement": {
            "clusterAffinity": _AFFINITY,
            "clusterTolerations": [{"key": "a", "operator": "Exists"}],
            "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2}],
            "replicaScheduling": {
                "replicaSchedulingType": "Divided",
                "replicaDivisionPreference": "Weighted",
                "weightPreference": {
                    "staticWeightList": [{"targetCluster": {"clusterNames": ["a"]}, "weight": 1}]
                },
            },
        },
        "failover": {"application": {"decisionConditions": {"tolerationSeconds": 1}, "purgeMode": "Never"}},
    }
}
_RUNTIME = {
    "spec": {
        "supportedModelFormats": [{"name": "sklearn", "version": "1", "autoSelect": True, "priority": 1}],
        "protocolVersions": ["v1", "v2"],
        "containers": [_CONTAINER],
    }
}
MANIFESTS: dict[str, dict[str, Any]] = {
    "InferenceService": {
        "spec": {
            "predictor": {
                "minReplicas": 1,
                "maxReplicas": 3,
                "scaleMetric": "concurrency",
                "scaleTarget": 50,
                "model": {
                    "modelFormat": {"name": "sklearn"},
                    "storageUri": "s3://b/m",
                    **_CONTAINER,
                    "name": "",
                },
                "tolerations": [{"key": "a", "operator": "Exists"}],
                "nodeSelector": {"a": "b"},
            }
        }
    },
    "ServingRuntime": _RUNTIME,
    "ClusterServingRuntime": _RUNTIME,
    "DestinationRule": {"spec": {"host": "a", "subsets": [{"name": "b"}]}},
    "Secret": {"type": "Opaque", "data": {"a": "Yg=="}, "stringData": {"c": "d"}},
    "ConfigMap": {"data": {"a": "b"}, "binaryData": {"c": "Yg=="}},
    "ServiceAccount": {"secrets": [{"name": "s"}], "imagePullSecrets": [{"name": "s"}]},
    "PropagationPolicy": _PROPAGATION,
    "ClusterPropagationPolicy": _PROPAGATION,
    "OverridePolicy": _OVERRIDE,
    "ClusterOverridePolicy": _OVERRIDE,
    "Cluster": {
        "spec": {
            "region": "a",
            "zones": ["b"],
            "taints": [{"key": "a", "effect": "NoSchedule"}],
            "resourceModels": [{"grade": 0, "ranges": [{"name": "cpu", "min": "0", "max": "9"}]}],
        }
    },
    "ResourceBinding": _BINDING,
    "ClusterResourceBinding": _BINDING,
    "Work": {"spec": {"workload": {"manifests": [{"apiVersion": "v1", "kind": "ConfigMap"}]}}},
    "Event": {"involvedObject": _REFERENCE, "reason": "A", "type": "Normal", "count": 1},
    "Lease": {"spec": {"holderIdentity": "a", "renewTime": "2027-01-15T07:00:00.000000Z"}},
    "Revision": {"spec": {"containers": [_CONTAINER], "timeoutSeconds": 1}},
    "Pod": {"spec": {"containers": [_CONTAINER], "volumes": [{"name": "v", "emptyDir": {}}]}},
    "Node": {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}, "status": {"capacity": {"cpu": 1}}},
    "Service": {"spec": {"selector": {"a": "b"}, "ports": [{"port": 80, "name": "a", "targetPort": "http"}]}},
    "EndpointSlice": {
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
        "ports": [{"port": 80, "name": "a"}],
    },
}


def manifest(kind: Kind, version: str, name: str) -> dict[str, Any]:
    """A manifest of the kind; nothing but metadata if none is written down."""
    metadata = {
        "name": name,
        "labels": {"a": "b"},
        "annotations": {"a": "b"},
        "finalizers": [],
        "ownerReferences": [],
    }
    if kind.namespaced:
        metadata["namespace"] = "d"
    return {
        "apiVersion": kind.api_version_of(version),
        "kind": kind.name,
        "metadata": metadata,
        **MANIFESTS.get(kind.name, {}),
    }
