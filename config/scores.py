"""Model scores: `config/scores/*.yaml`, one a file, asked as `score.NAME` in `where`.

    score: purchase_intent
    model: purchase_intent.onnx
    inputs:
      - {path: properties.price, default: 0}
      - {path: $customer.purchases_90d, default: 0}

The model is an ONNX file beside this one. It takes one float tensor [rows, inputs], in the order of `inputs`; the
score is the last column of `output` (default: its first output), so of two class probabilities the second's.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, PlainValidator, StrictStr, ValidationError

from config.documents import Document, Source
from config.errors import ConfigError, Refused
from config.language.fields import Identifier, NotEmpty
from config.model import ConfigModel, Reads
from config.named_files import files_of, read_named
from config.references import EventPath, parse_condition_path
from config.refusals import problems_of

_INPUTS: Final = "properties.NAME, context.NAME, $customer.NAME"


def _read_input(raw: object) -> EventPath:
    path = parse_condition_path(raw)
    if path[0] not in ("properties", "context", "$customer"):
        raise Refused("is no number that a model could take", allowed=_INPUTS)
    return path


def _read_default(raw: object) -> object:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Refused("is not a number", allowed="a number")
    return float(raw)


class ScoreInput(ConfigModel):
    """One column of the model's input. Without a default, an event that lacks it has no score."""

    path: Annotated[EventPath, Reads(_read_input, {"type": "string"})]
    default: Annotated[float, PlainValidator(_read_default)] | None = None


class Score(ConfigModel):
    """One score, as it is written."""

    score: Identifier
    description: StrictStr | None = None
    model: Annotated[str, Field(min_length=1)]
    inputs: Annotated[tuple[ScoreInput, ...], NotEmpty]
    output: StrictStr | None = None


@dataclass(frozen=True, slots=True)
class LoadedScore:
    """A score, its model's file, and where its parts are written."""

    score: Score
    file: Path
    source: Source

    @property
    def name(self) -> str:
        """What it is asked by."""
        return self.score.score


def load_scores(path: Path) -> tuple[LoadedScore, ...]:
    """The scores of a file, or of a folder's `*.yaml`, by name. Raises `ConfigError` with all their problems."""
    taken = Refused("is already the name of a score", allowed="another name")
    scores = read_named(files_of(path), _read, lambda loaded: loaded.name, word="score", taken=taken)
    return tuple(scores[name] for name in sorted(scores))


def _read(document: Document, folder: Path) -> LoadedScore:
    try:
        score = Score.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(problems_of(error, document.source)) from None
    loaded = LoadedScore(score, folder / score.model, document.source)
    if not loaded.file.is_file():
        refused = Refused("is not a file", allowed=f"an ONNX file in {folder}")
        raise ConfigError([document.source.problem(("model",), score.model, refused)])
    return loaded
