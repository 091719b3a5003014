"""The demo's model: real data that a package ships, trained on the spot.

scikit-learn carries the Wisconsin diagnostic breast cancer data set: 569 tumours, 30 measurements each,
malignant or benign. A scaled logistic regression learns it in milliseconds.
"""

import io
from dataclasses import dataclass

DATA_SET = "the Wisconsin breast cancer data that scikit-learn ships"


@dataclass(frozen=True)
class SampleModel:
    """A trained model as a joblib file, and rows held back from training with the model's own answers."""

    joblib: bytes
    rows: list[list[float]]
    expected: list[int]
    accuracy: float


def train_sample_model(seed: int = 0) -> SampleModel:
    """Train on three quarters of the data; the accuracy is that on the last quarter."""
    import joblib
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels = load_breast_cancer(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, random_state=seed)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train_x, train_y)
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    rows = test_x[:3].tolist()
    return SampleModel(
        buffer.getvalue(), rows, model.predict(rows).tolist(), float(model.score(test_x, test_y))
    )
