"""Trains ``config/scores/purchase_intent.onnx``: will what was just put in the cart be bought within the hour?

    python -m config.training.purchase_intent

A logistic regression on log(1 + x) of four numbers that an event and its customer's traits have, fitted by Newton's
method to carts of customers that are made up here: how much they want something shows in what they look at, how loyal
they are in what they bought before, and a high price makes them think. The weights are rounded, so that the file is
the same bytes on any machine; a test holds the shipped one against it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

Table = NDArray[np.float64]

FILE: Final = Path(__file__).parents[1] / "scores" / "purchase_intent.onnx"
SEED: Final = 20_260_105
CARTS: Final = 20_000
DECIMALS: Final = 3
OPSET: Final = 17
IR_VERSION: Final = 8
"""Of ONNX 1.12: read by every runtime that is still around."""


def make_carts(count: int, seed: int) -> tuple[Table, Table]:
    """Rows of (price, views in 24 h, carts in 24 h, purchases in 90 d), and whether each was bought."""
    random = np.random.default_rng(seed)
    desire, loyalty = random.normal(size=count), random.normal(size=count)
    price = random.lognormal(3.3, 0.8, count)
    views = random.poisson(np.exp(0.9 + 0.7 * desire))
    carts = 1 + random.poisson(np.exp(-0.6 + 0.4 * desire))
    purchases = random.poisson(np.exp(-0.8 + 0.9 * loyalty))
    wish = -0.8 + 1.4 * desire + 1.1 * loyalty - 0.6 * (np.log(price) - 3.3)
    bought = random.random(count) < _sigmoid(wish)
    return np.column_stack([price, views, carts, purchases]).astype(np.float64), bought.astype(np.float64)


def fit(rows: Table, bought: Table, *, steps: int = 12, ridge: float = 1.0) -> tuple[Table, float]:
    """Weights and bias of the logistic regression on log(1 + x), rounded to ``DECIMALS``."""
    table = np.column_stack([np.log1p(rows), np.ones(len(rows))])
    weights = np.zeros(table.shape[1])
    penalty = ridge * np.eye(table.shape[1])
    penalty[-1, -1] = 0.0
    for _ in range(steps):
        guess = _sigmoid(table @ weights)
        gradient = table.T @ (bought - guess) - penalty @ weights
        curvature = (table * (guess * (1 - guess))[:, None]).T @ table + penalty
        weights = weights + np.linalg.solve(curvature, gradient)
    rounded = np.round(weights, DECIMALS)
    return rounded[:-1], float(rounded[-1])


def model(weights: Table, bias: float) -> onnx.ModelProto:
    """sigmoid(weights · log(1 + max(x, 0)) + bias) over rows of floats."""
    width = len(weights)
    nodes = [
        helper.make_node("Relu", ["features"], ["positive"]),
        helper.make_node("Add", ["positive", "one"], ["shifted"]),
        helper.make_node("Log", ["shifted"], ["logs"]),
        helper.make_node("MatMul", ["logs", "weights"], ["weighted"]),
        helper.make_node("Add", ["weighted", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "purchase_intent",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["rows", 1])],
        [
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
            helper.make_tensor("weights", TensorProto.FLOAT, [width, 1], weights.tolist()),
            helper.make_tensor("bias", TensorProto.FLOAT, [1], [bias]),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="customer-triggers")
    made.ir_version = IR_VERSION
    onnx.checker.check_model(made, full_check=True)
    return made


def trained() -> bytes:
    """The model's file."""
    weights, bias = fit(*make_carts(CARTS, SEED))
    return bytes(model(weights, bias).SerializeToString(deterministic=True))


def area_under_curve(weights: Table, bias: float, rows: Table, bought: Table) -> float:
    """How often a cart that was bought scores above one that was not (Mann-Whitney)."""
    scores = np.log1p(rows) @ weights + bias
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    positive = bought.sum()
    return float((ranks[bought == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(bought) - positive)))


def main() -> int:
    """Writes the file and says how good the model is on carts it has not seen."""
    weights, bias = fit(*make_carts(CARTS, SEED))
    unseen = make_carts(CARTS, SEED + 1)
    FILE.write_bytes(trained())
    print(f"weights {weights.tolist()}, bias {bias}")
    print(f"area under the curve on {CARTS} unseen carts: {area_under_curve(weights, bias, *unseen):.3f}")
    return 0


def _sigmoid(x: Table) -> Table:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


if __name__ == "__main__":
    sys.exit(main())
