"""What a predictor says, whichever way it is written: as a short form, a model or containers."""

from tradewind.resources.core import Container
from tradewind.resources.serving import SHORT_FORMS, PredictorExtension, PredictorSpec
from tradewind.resources.serving_names import KSERVE_CONTAINER, STORAGE_URI


def frameworks(predictor: PredictorSpec) -> list[tuple[str, PredictorExtension]]:
    """The short forms and the model that a predictor has, by field name."""
    found = [(form, getattr(predictor, form)) for form in (*SHORT_FORMS, "model")]
    return [(form, extension) for form, extension in found if extension is not None]


def storage_uri(predictor: PredictorSpec) -> str | None:
    """Where the predictor's model is: of its framework or, for a custom one, its STORAGE_URI."""
    for _, extension in frameworks(predictor):
        return extension.storage_uri
    for container in predictor.containers:
        if container.name == KSERVE_CONTAINER:
            return environment(container, STORAGE_URI)
    return None


def environment(container: Container, name: str) -> str | None:
    """The value of an environment variable that a container sets; None when it does not."""
    return next((variable.value for variable in container.env if variable.name == name), None)
