"""Traits and scores through the backtest's command: where they come from, and what a bad one ends in."""

import orjson
import pytest

from flows.backtest import BAD_INPUT, main
from tests.harness import event, trigger

TEXT = trigger("steps: [{event: a, where: {$customer.orders: {gte: 2}}}]")


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "trigger.yaml").write_text(TEXT)
    log = [event("purchase", "0s"), event("purchase", "1m"), event("a", "2m")]
    (tmp_path / "events.jsonl").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in log))
    traits = tmp_path / "traits"
    traits.mkdir()
    (traits / "orders.yaml").write_text('trait: orders\nevent: purchase\ncount: "*"\n')
    return [
        *("--triggers", str(tmp_path / "trigger.yaml")),
        *("--events", str(tmp_path / "events.jsonl")),
        *("--out", str(tmp_path / "out.jsonl")),
        *("--traits", str(traits)),
    ]


def test_traits_are_read_from_the_path_that_is_given(asked, tmp_path):
    assert main(asked) == 0
    assert [orjson.loads(line)["trigger"] for line in (tmp_path / "out.jsonl").read_bytes().splitlines()] == ["t"]


def test_without_a_trait_of_the_name_it_is_an_attribute_and_unknown(asked, tmp_path):
    assert main(asked[:-2]) == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_number_of_workers_that_a_live_flow_refuses_is_no_matter_to_a_backtest(asked, tmp_path):
    assert main([*asked, "--workers", "7"]) == 0
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 1


def test_a_bad_trait_ends_with_status_2_and_its_line(asked, tmp_path, capsys):
    (tmp_path / "traits" / "orders.yaml").write_text("trait: orders\nevent: purchase\nsum: total\n")
    assert main(asked) == BAD_INPUT
    assert 'orders.yaml:3: sum: "total" is not a path of an event' in capsys.readouterr().err


def test_a_bad_score_ends_with_status_2_and_its_line(asked, tmp_path, capsys):
    (tmp_path / "s.yaml").write_text("score: s\nmodel: none.onnx\ninputs: [{path: properties.x}]\n")
    assert main([*asked, "--scores", str(tmp_path / "s.yaml")]) == BAD_INPUT
    assert 's.yaml:2: model: "none.onnx" is not a file' in capsys.readouterr().err
