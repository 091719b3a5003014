"""Objects that cases begin with. `$NS` is the namespace of the case."""

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {key: value}
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: s}
type: Opaque
data: {password: c2VjcmV0}
"""
SERVICE_ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: web}}
spec:
  nodeName: $NS-node
  containers:
  - {name: main, image: example/server, env: [{name: A, value: "1"}], ports: [{containerPort: 80}]}
  - {name: side, image: example/side}
status:
  phase: Running
  conditions: [{type: Ready, status: "True"}, {type: ContainersReady, status: "True"}]
  containerStatuses:
  - {name: main, ready: true, started: true, restartCount: 1, image: example/server, imageID: "",
     state: {running: {startedAt: "2026-08-01T10:00:00Z"}}}
  - {name: side, ready: true, started: true, restartCount: 0, image: example/side, imageID: "",
     state: {running: {startedAt: "2026-08-01T10:00:00Z"}}}
"""
# Its containers have ended; `main` also ended once before.
ENDED_POD = POD.replace("phase: Running", "phase: Succeeded").replace(
    'state: {running: {startedAt: "2026-08-01T10:00:00Z"}}',
    """state: {terminated: {exitCode: 0, finishedAt: "2026-08-01T10:09:00Z"}},
     lastState: {terminated: {exitCode: 1, finishedAt: "2026-08-01T09:09:00Z"}}""",
)
NODE = """
apiVersion: v1
kind: Node
metadata: {name: $NS-node, labels: {zone: a}}
status:
  conditions: [{type: Ready, status: "True"}]
  nodeInfo: {kubeletVersion: v9.9.9, architecture: amd64, bootID: "", containerRuntimeVersion: "",
    kernelVersion: "", kubeProxyVersion: "", machineID: "", operatingSystem: linux, osImage: "",
    systemUUID: ""}
  capacity: {cpu: "4", memory: 8Gi, pods: "110"}
  allocatable: {cpu: "4", memory: 8Gi, pods: "110"}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, protocol: TCP, targetPort: 8080}]}
"""
ENDPOINT_SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080, protocol: TCP}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}]
"""
EVENT = """
apiVersion: v1
kind: Event
metadata: {name: p.17}
involvedObject: {apiVersion: v1, kind: Pod, name: p, namespace: $NS}
reason: Pulled
message: Container image is here
type: Normal
count: 3
firstTimestamp: "2026-08-01T10:00:00Z"
lastTimestamp: "2026-08-01T10:05:00Z"
source: {component: kubelet}
"""
LEASE = """
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: lock}
spec: {holderIdentity: me, leaseDurationSeconds: 15}
"""
INFERENCE_SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: fraud, labels: {team: risk}}
spec:
  predictor:
    minReplicas: 2
    model:
      modelFormat: {name: sklearn}
      storageUri: s3://bucket/fraud
"""
READY_SERVICE = (
    INFERENCE_SERVICE
    + """
status:
  url: http://fraud.example.com
  observedGeneration: 1
  conditions: [{type: Ready, status: "True"}]
  components:
    predictor:
      traffic:
      - {latestRevision: true, percent: 90, revisionName: fraud-predictor-00002}
      - {latestRevision: false, percent: 10, revisionName: fraud-predictor-00001, tag: prev}
"""
)
SERVING_RUNTIME = """
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: mine}
spec:
  supportedModelFormats: [{name: sklearn, version: "1"}, {name: xgboost, version: "1"}]
  containers: [{name: kserve-container, image: example/server}]
"""
CLUSTER_SERVING_RUNTIME = SERVING_RUNTIME.replace("kind: S", "kind: ClusterS").replace("mine", "$NS-mine")
REVISION = """
apiVersion: serving.knative.dev/v1
kind: Revision
metadata:
  name: fraud-predictor-00001
  labels:
    serving.knative.dev/configuration: fraud-predictor
    serving.knative.dev/configurationGeneration: "1"
spec: {containers: [{name: kserve-container, image: example/server}]}
status: {actualReplicas: 1, desiredReplicas: 2, conditions: [{type: Ready, status: "True"}]}
"""
DESTINATION_RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rule}
spec: {host: web.$NS.svc.cluster.local}
"""
CLUSTER = """
apiVersion: cluster.karmada.io/v1alpha1
kind: Cluster
metadata: {name: $NS-cluster}
spec: {syncMode: Pull, region: eu, provider: acme}
status: {kubernetesVersion: v1.37.0, conditions: [{type: Ready, status: "True", reason: ClusterReady,
  message: cluster is healthy, lastTransitionTime: "2026-08-01T10:00:00Z"}]}
"""
PROPAGATION_POLICY = """
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: spread}
spec:
  priority: 5
  resourceSelectors:
  - {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, namespace: $NS, name: nothing}
  placement: {clusterAffinity: {clusterNames: [m1]}}
"""
CLUSTER_PROPAGATION_POLICY = PROPAGATION_POLICY.replace("kind: P", "kind: ClusterP").replace(
    "name: spread", "name: $NS-spread"
)
OVERRIDE_POLICY = """
apiVersion: policy.karmada.io/v1alpha1
kind: OverridePolicy
metadata: {name: tweak}
spec:
  resourceSelectors: [{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: nothing}]
  overrideRules:
  - targetCluster: {clusterNames: [m1]}
    overriders: {plaintext: [{path: /spec/predictor/minReplicas, operator: replace, value: 1}]}
"""
CLUSTER_OVERRIDE_POLICY = OVERRIDE_POLICY.replace("kind: O", "kind: ClusterO").replace(
    "name: tweak", "name: $NS-tweak"
)
RESOURCE_BINDING = """
apiVersion: work.karmada.io/v1alpha2
kind: ResourceBinding
metadata: {name: fraud-inferenceservice}
spec: {resource: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, namespace: $NS, name: fraud}}
status:
  conditions:
  - {type: Scheduled, status: "True", reason: Ok, message: "", lastTransitionTime: "2026-08-01T10:00:00Z"}
  - {type: FullyApplied, status: "False", reason: x, message: "", lastTransitionTime: "2026-08-01T10:00:00Z"}
"""
CLUSTER_RESOURCE_BINDING = RESOURCE_BINDING.replace("kind: R", "kind: ClusterR", 1).replace(
    "name: fraud-inferenceservice", "name: $NS-binding"
)
WORK = """
apiVersion: work.karmada.io/v1alpha1
kind: Work
metadata: {name: fraud-1}
spec:
  workload:
    manifests: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: d}}]
status:
  conditions:
  - {type: Applied, status: "True", reason: AppliedSuccessful, message: "",
     lastTransitionTime: "2026-08-01T10:00:00Z"}
"""
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}]
"""
ROLE_BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: $NS-user}
- {kind: ServiceAccount, name: robot, namespace: $NS}
"""
CLUSTER_ROLE = ROLE.replace("kind: R", "kind: ClusterR").replace("name: reader", "name: $NS-reader")
CLUSTER_ROLE_BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: $NS-readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: $NS-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: $NS-user}]
"""
# As on the page "Extend the Kubernetes API with CustomResourceDefinitions", in a group of its own.
CRON_TAB = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.$NS.example.com}
spec:
  group: $NS.example.com
  scope: Namespaced
  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [$NS-ct], categories: [$NS-all]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Spec, type: string, description: The cron spec, jsonPath: .spec.cronSpec}
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [cronSpec]
            properties:
              cronSpec:
                type: string
                pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$'
                description: When to run.
              image: {type: string, default: example/cron}
              replicas: {type: integer, minimum: 1, maximum: 10}
              mode: {type: string, enum: [fast, slow]}
          status:
            type: object
            properties: {replicas: {type: integer}}
"""
MY_CRON_TAB = """
apiVersion: $NS.example.com/v1
kind: CronTab
metadata: {name: mine}
spec: {cronSpec: "* * * * */5", replicas: 3}
"""
