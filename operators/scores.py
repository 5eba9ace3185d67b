"""Model scores: ONNX models over an event's properties and its customer's profile.

A model is run once for all events of a key group that an advance of its watermark released, and for a trigger that
fires on arrival once an event. A score must not depend on which events came beside it. On the machine that measured it
no dense layer's did (4 to 2 000 inputs, batches of 1 to 80 rows: the same bits); a model may (normalising over the
batch), and another processor's kernels might: so each is probed when it is loaded, and one whose rows are not the same
alone and together is run row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from config.errors import ConfigError, Location, Problem, Refused, nearest
from config.loader import LoadedTrigger
from config.references import EventPath
from config.scores import LoadedScore
from operators.needs import asked_scores
from operators.paths import Getter, getter
from operators.records import Event

_PROBED_ROWS: Final = 33
_LIBRARIES: Final = ("numpy", "onnxruntime")
INSTALL: Final = "after pip install 'customer-triggers[scores]'"


class Scores:
    """The models of a flow. Raises ``ConfigError`` where one cannot be run."""

    def __init__(self, scores: Iterable[LoadedScore]) -> None:
        self._models = {each.name: _Model(each) for each in scores}
        self.customer_paths = frozenset(
            path[1:] for model in self._models.values() for path in model.paths if path[0] == "$customer"
        )
        """What they read of the profile."""

    def __bool__(self) -> bool:
        return bool(self._models)

    def answers(self, events: Sequence[Event], asked: Sequence[Sequence[str]]) -> list[dict[str, float | None]]:
        """By event, which carries its profile, the scores that are ``asked`` of it, by name.

        None where the model does not know: an input without a default is missing, or is no number.
        """
        found: list[dict[str, float | None]] = [{} for _ in events]
        for name in sorted({name for names in asked for name in names}):
            places = [place for place, names in enumerate(asked) if name in names]
            answers = self._models[name].infer([events[place] for place in places])
            for place, answer in zip(places, answers, strict=True):
                found[place][name] = answer
        return found


class _Model:
    def __init__(self, loaded: LoadedScore) -> None:
        self._numpy, runtime = (import_module(library) for library in _LIBRARIES)
        score = loaded.score
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = runtime.InferenceSession(str(loaded.file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common base
            raise _refused(loaded, ("model",), score.model, f"is not a model that can be run: {error}") from None
        self._check_shape(loaded)
        self._together = self._probe(loaded)
        self.paths: tuple[EventPath, ...] = tuple(each.path for each in score.inputs)
        self._reads: list[tuple[Getter, float | None]] = [(getter(each.path), each.default) for each in score.inputs]

    def _check_shape(self, loaded: LoadedScore) -> None:
        score = loaded.score
        inputs, outputs = self._session.get_inputs(), [each.name for each in self._session.get_outputs()]
        width = inputs[0].shape[-1] if inputs and inputs[0].shape else None
        fits = len(inputs) == 1 and inputs[0].type == "tensor(float)" and len(inputs[0].shape) == 2
        fits = fits and not isinstance(inputs[0].shape[0], int)
        if not fits or (isinstance(width, int) and width != len(score.inputs)):
            takes = ", ".join(f"{each.type} {each.shape}" for each in inputs)
            what = f"takes {takes}"
            allowed = f"one tensor(float) [rows, {len(score.inputs)}], a column an input"
            raise _refused(loaded, ("model",), score.model, what, allowed)
        self._input = inputs[0].name
        self._output = score.output or outputs[0]
        if self._output not in outputs:
            raise _refused(loaded, ("output",), score.output, "is not an output of the model", ", ".join(outputs))

    def _probe(self, loaded: LoadedScore) -> bool:
        """Whether rows have the same answers together as alone. Raises ``ConfigError`` if they have no usable ones."""
        numpy = self._numpy
        width = len(loaded.score.inputs)
        rows = numpy.random.default_rng(0).normal(size=(_PROBED_ROWS, width)).astype(numpy.float32)
        answer = self._run(rows)
        shape = getattr(answer, "shape", None)
        if shape is None or len(shape) not in (1, 2) or shape[0] != len(rows) or answer.dtype.kind != "f":
            what = f"answers {len(rows)} rows with {type(answer).__name__} {shape or ''}".rstrip()
            raise _refused(loaded, ("output",), self._output, what, "floats, [rows] or [rows, columns]")
        alone = numpy.concatenate([self._run(rows[i : i + 1]) for i in range(len(rows))])
        return bool(numpy.array_equal(answer, alone, equal_nan=True))

    def _run(self, rows: Any) -> Any:
        (answer,) = self._session.run([self._output], {self._input: rows})
        return answer

    def infer(self, events: Sequence[Event]) -> list[float | None]:
        """The score of each event; see ``Scores.answers``."""
        answers: list[float | None] = [None] * len(events)
        rows, places = [], []
        for place, event in enumerate(events):
            row = self._row(event)
            if row is not None:
                rows.append(row)
                places.append(place)
        if not rows:
            return answers
        numpy = self._numpy
        with numpy.errstate(over="ignore"):
            table = numpy.array(rows, dtype=numpy.float32)
        if self._together:
            answer = self._run(table)
        else:
            answer = numpy.concatenate([self._run(table[i : i + 1]) for i in range(len(table))])
        column = answer if answer.ndim == 1 else answer[:, -1]
        for place, value in zip(places, column.tolist(), strict=True):
            answers[place] = value if value == value else None  # not a number: the model does not know
        return answers

    def _row(self, event: Event) -> list[float] | None:
        row = []
        for read, default in self._reads:
            value = read(event)
            if isinstance(value, int | float):
                row.append(float(value))
            elif default is not None:
                row.append(default)
            else:
                return None
        return row


def score_problems(triggers: Iterable[LoadedTrigger], scores: Iterable[LoadedScore]) -> list[Problem]:
    """Every score that a trigger asks and nothing declares, or that cannot be run here, where it is asked."""
    known = [score.name for score in scores]
    installed = all(find_spec(library) is not None for library in _LIBRARIES)
    problems = []
    for trigger in triggers:
        for location, name in asked_scores(trigger.trigger):
            if name not in known:
                allowed = ", ".join(known) or "nothing: no score is declared in config/scores"
                refused = Refused("is not a score", allowed=allowed, hint=nearest(name, known))
            elif not installed:
                refused = Refused("asks a model, and onnxruntime is not installed", allowed=INSTALL)
            else:
                continue
            problems.append(trigger.source.problem(location, f"score.{name}", refused))
    return problems


def _refused(
    loaded: LoadedScore, location: Location, value: object, message: str, allowed: str | None = None
) -> ConfigError:
    return ConfigError([loaded.source.problem(location, value, Refused(message, allowed=allowed))])
