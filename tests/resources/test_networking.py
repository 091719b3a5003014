"""DestinationRules are accepted as written, with a word on what they do here."""

from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.problems import Level
from tradewind.resources.validate import check
from tradewind.resources.yaml_text import parse_yaml

RULE = """
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata:
  name: llm-inference-routing
  namespace: ml-serving
spec:
  host: llama-70b-chat-predictor.ml-serving.svc.cluster.local
  trafficPolicy:
    connectionPool:
      http:
        h2UpgradePolicy: UPGRADE
        maxRequestsPerConnection: 100
    loadBalancer:
      localityLbSetting:
        enabled: true
        failover:
          - from: us-east-1
            to: us-west-2
    outlierDetection:
      consecutive5xxErrors: 3
      interval: 10s
"""


def test_a_rule_with_failover_is_accepted_with_a_warning_that_it_has_no_effect():
    (document,) = parse_yaml(RULE)
    (problem,) = check(document.value, DESTINATION_RULE)
    assert problem.level is Level.WARNING
    assert "has no effect in this version" in problem.message


def test_a_rule_without_host_is_refused():
    manifest = {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "a"}}
    (problem,) = check(manifest, DESTINATION_RULE)
    assert str(problem) == "spec.host: Required value: name the Service that the rule is for"
