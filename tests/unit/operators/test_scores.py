"""``score.NAME`` in conditions: an ONNX model over properties and the profile, the same whatever it is run beside."""

import random
import sys

import onnx
import orjson
import pytest
from onnx import TensorProto, helper

from config.errors import ConfigError
from config.loader import parse_trigger
from config.scores import load_scores
from config.training.purchase_intent import FILE, trained
from config.traits import load_traits
from flows.loading import planned
from operators.compiler import compile_triggers
from operators.plan import Plan
from operators.scores import Scores
from tests.harness import SHIPPED, event, run, trigger

SUM = "score: total\nmodel: total.onnx\ninputs:\n  - {path: properties.a}\n  - {path: $customer.b, default: 10}\n"
ASKS = trigger("steps: [{event: a, where: {score.total: {gte: 15}}}, {wait: 1m}]")


def linear(file, *, width=2, weights=None, outputs=("answer",), kind=TensorProto.FLOAT, rank=2, rows="rows"):
    """A model that adds up its columns by weight."""
    weights = weights or [1.0] * width
    shape = ["rows", 1] if rank == 2 else ["rows", 1, 1]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["sum"])]
    if rank == 3:
        nodes.append(helper.make_node("Unsqueeze", ["sum", "axis"], [outputs[0]]))
    elif kind == TensorProto.INT64:
        nodes.append(helper.make_node("Cast", ["sum"], [outputs[0]], to=kind))
    else:
        nodes += [helper.make_node("Identity", ["sum"], [name]) for name in outputs]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, width])],
        [helper.make_tensor_value_info(name, kind, shape) for name in outputs],
        [
            helper.make_tensor("w", TensorProto.FLOAT, [width, 1], weights),
            helper.make_tensor("axis", TensorProto.INT64, [1], [2]),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    file.write_bytes(made.SerializeToString())


@pytest.fixture
def folder(tmp_path):
    linear(tmp_path / "total.onnx")
    (tmp_path / "total.yaml").write_text(SUM)
    return tmp_path


def plan_of(folder, *texts):
    scores = load_scores(folder)
    loaded = [parse_trigger(text, f"trigger{i}.yaml") for i, text in enumerate(texts)]
    return Plan(compile_triggers(loaded, scores=scores), load_traits(SHIPPED / "traits"), scores)


def problem(folder, *texts):
    with pytest.raises(ConfigError) as refused:
        plan_of(folder, *(texts or [ASKS]))
    return str(refused.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(("a", "fires"), [(4.999, []), (5, ["1m"]), (True, []), ("5", []), (None, [])])
def test_a_condition_asks_the_model_and_a_default_stands_in(a, fires, folder):
    assert run(plan_of(folder, ASKS), [event("a", "0s", a=a)], at_end="flush").fired == fires


def test_the_profile_is_an_input_as_of_the_event(folder):
    log = [event("identify", "0s", b=1), event("a", "1m", a=14), event("identify", "2m", b=0), event("a", "3m", a=14)]
    assert run(plan_of(folder, ASKS), log, at_end="flush").fired == ["2m"]


def test_without_an_input_that_has_no_default_the_score_is_unknown(folder):
    not_low = trigger("steps: [{event: a, where: {not: {score.total: {lt: 15}}}}, {wait: 1m}]", name="not_low")
    absent = trigger("steps: [{event: a}, {absent: b, within: 1m, where: {score.total: {gte: 15}}}]", name="absent")
    found = run(plan_of(folder, not_low, absent), [event("a", "0s"), event("b", "30s")], at_end="flush")
    assert found.fired == []
    assert found.tally.of("cancelled", "absent") == 1


def test_what_the_model_gives_for_no_number_is_unknown(folder):
    linear(folder / "total.onnx", weights=[float("nan"), 1.0])
    assert run(plan_of(folder, ASKS), [event("a", "0s", a=50)], at_end="flush").fired == []


def test_a_trigger_that_fires_on_arrival_asks_with_what_was_received(folder):
    text = trigger("steps: [{event: a, where: {score.total: {gte: 15}}}]")
    log = [event("identify", "5m", b=1), event("a", "1m", a=13), event("a", "2m", a=14)]
    assert run(plan_of(folder, text), log, max_out_of_orderness="1h").fired == ["2m"]


def test_the_last_column_of_the_named_output_is_the_score(folder):
    linear(folder / "total.onnx", outputs=("first", "second"))
    (folder / "total.yaml").write_text(SUM + "output: second\n")
    assert run(plan_of(folder, ASKS), [event("a", "0s", a=5)], at_end="flush").fired == ["1m"]


def shipped_rows(count):
    drawn = random.Random(5)
    return [
        (*(0,) * 9, {"price": drawn.uniform(0.5, 900)}, {}, None,
         {"views_24h": drawn.randrange(60), "cart_adds_24h": drawn.randrange(9), "purchases_90d": drawn.randrange(20)})
        for _ in range(count)
    ]  # fmt: skip


def test_a_score_does_not_depend_on_what_is_scored_beside_it():
    scores, events = Scores(load_scores(SHIPPED / "scores")), shipped_rows(600)
    asked = ["purchase_intent"]
    alone = [scores.answers([each], [asked])[0] for each in events]
    drawn = random.Random(6)
    for _ in range(30):
        places = drawn.sample(range(len(events)), drawn.randrange(1, 80))
        together = scores.answers([events[place] for place in places], [asked] * len(places))
        assert together == [alone[place] for place in places]
    assert len({each["purchase_intent"] for each in alone}) > 550


def test_a_model_that_looks_at_the_whole_batch_is_run_row_by_row(folder):
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0, 1]),
        helper.make_node("Add", ["x", "mean"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes, "batch", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["rows", 2])],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    (folder / "total.onnx").write_bytes(made.SerializeToString())
    scores = Scores(load_scores(folder))
    events = [(*(0,) * 9, {"a": a}, {}, None, None) for a in (0, 2, 4)]
    assert scores.answers(events, [["total"]] * 3) == [{"total": 15.0}, {"total": 16.0}, {"total": 17.0}]


@pytest.mark.parametrize("chunk_size", [1, 3, 100])
@pytest.mark.parametrize("key_groups", [1, 5])
def test_chunks_and_key_groups_change_nothing(chunk_size, key_groups, folder):
    log = [
        event(["identify", "a"][i % 2], f"{i}s", customer=f"c{i % 7}", a=i % 13, b=i % 11, id=f"e{i}")
        for i in range(200)
    ]
    plan = plan_of(folder, ASKS)
    whole = run(plan, log, at_end="flush", key_groups=1)
    cut = run(plan, log, at_end="flush", key_groups=key_groups, chunk_size=chunk_size, snapshot_every=2)
    assert cut.lines() == whole.lines()
    assert len(whole.decisions) > 5


def test_the_shipped_model_is_what_its_training_makes():
    assert trained() == FILE.read_bytes()
    onnx.checker.check_model(onnx.load(FILE), full_check=True)


def test_an_undeclared_score_is_refused_with_the_nearest(folder):
    assert problem(folder, ASKS.replace("score.total", "score.totl")) == (
        'trigger0.yaml:4: match.steps[0].where.score.totl.gte: "score.totl" is not a score; allowed: total; '
        "did you mean total?"
    )


def test_without_onnxruntime_a_trigger_that_asks_is_refused_with_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert problem(folder) == (
        'trigger0.yaml:4: match.steps[0].where.score.total.gte: "score.total" asks a model, and onnxruntime is not '
        "installed; allowed: after pip install 'customer-triggers[scores]'"
    )
    plan_of(folder, trigger("steps: [{event: a}]"))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"width": 3}, "total.yaml:2: model: \"total.onnx\" takes tensor(float) ['rows', 3]; allowed: one tensor("),
        ({"rows": 1}, "takes tensor(float) [1, 2]; allowed: one tensor(float) [rows, 2], a column an input"),
        ({"kind": TensorProto.INT64}, 'output: "answer" answers 33 rows with ndarray (33, 1); allowed: floats'),
        ({"rank": 3}, 'output: "answer" answers 33 rows with ndarray (33, 1, 1); allowed: floats'),
    ],
)  # fmt: skip
def test_a_model_of_another_shape_is_refused(change, text, folder):
    linear(folder / "total.onnx", **change)
    assert text in problem(folder)


def test_a_file_that_is_no_model_is_refused(folder):
    (folder / "total.onnx").write_bytes(b"nothing")
    assert 'total.yaml:2: model: "total.onnx" is not a model that can be run: ' in problem(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SUM + "output: x\n", 'total.yaml:6: output: "x" is not an output of the model; allowed: answer'),
        (SUM.replace("total.onnx", "nowhere.onnx"), 'total.yaml:2: model: "nowhere.onnx" is not a file'),
        (SUM.replace("properties.a", "event_time"), 'total.yaml:4: inputs[0].path: "event_time" is no number that'),
        (SUM.replace("10", "ten"), 'total.yaml:5: inputs[1].default: "ten" is not a number'),
        (SUM.replace("inputs", "input"), "total.yaml:3: input: is not known here"),
    ],
)
def test_a_score_that_cannot_work_is_refused_with_its_line(text, expected, folder):
    (folder / "total.yaml").write_text(text)
    assert expected in problem(folder)


def test_every_model_is_loaded_only_where_a_trigger_asks_it(folder):
    (folder / "total.onnx").write_bytes(b"nothing")
    assert not plan_of(folder, trigger("steps: [{event: a}]")).scores


def test_a_flow_finds_scores_and_traits_in_their_folders(folder):
    (folder / "t").mkdir()
    (folder / "t" / "asks.yaml").write_text(ASKS)
    plan = planned([folder / "t"], policy=SHIPPED / "policy.yaml", traits=SHIPPED / "traits", scores=folder)
    assert run(plan, [event("a", "0s", a=5)], at_end="flush").fired == ["1m"]
    assert orjson.loads(run(plan, [event("a", "0s", a=5)], at_end="flush").lines())["trigger"] == "t"
