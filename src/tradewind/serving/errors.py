"""What keeps an InferenceService from being rendered."""

RUNTIME_NOT_RECOGNIZED = "RuntimeNotRecognized"
RUNTIME_DISABLED = "RuntimeDisabled"
NO_SUPPORTING_RUNTIME = "NoSupportingRuntime"
INVALID_PREDICTOR_SPEC = "InvalidPredictorSpec"


class InvalidService(Exception):
    """There is no Pod template for this spec until it, or what it refers to, changes.

    `reason` is upstream's FailureReason; `summary` is upstream's text for `modelStatus`; the exception's
    own text names the thing, the value and the fix.
    """

    def __init__(self, reason: str, message: str, summary: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.summary = summary or message
