"""A whole trigger file. `config.language` is the place to import from."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StrictStr, ValidationInfo, field_validator, model_validator

from config.durations import parse_span
from config.errors import UNSHOWN, Refused, not_one_of
from config.language.fields import Count, Identifier, KeyPath, KeyPaths, NotEmpty, Span
from config.language.matcher import Matcher
from config.language.policy import Action, Policy
from config.language.steps import AllStep, AnyStep, EventStep, Step
from config.model import ConfigModel, Finding, Reads, validation_error
from config.references import parse_name

AfterMatchKind = Literal["keep", "skip_past_last", "skip_to_next", "skip_to_first", "skip_to_last"]
FiresKind = Literal["always", "once", "once_per"]
_NAMED_SKIPS: Final = ("skip_to_first", "skip_to_last")
_FIRES: Final = "always, once, {once_per: 365d}"


@dataclass(frozen=True, slots=True)
class AfterMatch:
    """What a completed match does to the other open ones; `name` with `skip_to_first`, `skip_to_last`."""

    kind: AfterMatchKind
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Fires:
    """How often a key may fire; `period_us` for `once_per` only."""

    kind: FiresKind = "always"
    period_us: int | None = None


def read_after_match(raw: object) -> AfterMatch:
    """`keep`, `skip_past_last`, `skip_to_next`, `{skip_to_first: NAME}` and so on. Raises `Refused`."""
    kinds = get_args(AfterMatchKind)
    allowed = "keep, skip_past_last, skip_to_next, {skip_to_first: NAME}, {skip_to_last: NAME}"
    word, name = next(iter(raw.items())) if isinstance(raw, dict) and len(raw) == 1 else (raw, None)
    for kind in kinds:
        if word == kind and (kind in _NAMED_SKIPS) == isinstance(raw, dict):
            return AfterMatch(kind, None if name is None else parse_name(name))
    if isinstance(word, str):
        refused = not_one_of(word, kinds, "is not what a match can do to others")
        raise Refused(refused.message, allowed=allowed, hint=refused.hint)
    raise Refused("is not what a match can do to others", allowed=allowed)


def read_fires(raw: object) -> Fires:
    """`always`, `once` or `{once_per: T}`. Raises `Refused`."""
    if raw == "always":
        return Fires()
    if raw == "once":
        return Fires("once")
    if isinstance(raw, dict) and list(raw) == ["once_per"]:
        try:
            return Fires("once_per", parse_span(raw["once_per"]))
        except Refused as refused:
            raise validation_error("fires", [Finding(("once_per",), raw["once_per"], refused)]) from None
    raise Refused("is not how often a trigger can fire", allowed=_FIRES)


class OnExpire(ConfigModel):
    """What a partial match that timed out sends, with what it captured."""

    actions: Annotated[tuple[Action, ...], NotEmpty]


_NAMED_SKIP_SCHEMA: Final = {
    "type": "object",
    "properties": {word: {"type": "string"} for word in _NAMED_SKIPS},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
AfterMatchField = Annotated[
    AfterMatch,
    Reads(
        read_after_match,
        {"anyOf": [{"enum": ["keep", "skip_past_last", "skip_to_next"]}, _NAMED_SKIP_SCHEMA]},
    ),
]
FiresField = Annotated[
    Fires,
    Reads(
        read_fires,
        {
            "anyOf": [
                {"enum": ["always", "once"]},
                {
                    "type": "object",
                    "properties": {"once_per": {"type": "string"}},
                    "required": ["once_per"],
                    "additionalProperties": False,
                },
            ]
        },
    ),
]


PARTS_ONLY: Final = object()
"""The validation context of a reader that asks `check_trigger` itself whether the parts fit together."""


class Match(ConfigModel):
    """The situation. `after_match` `None` is the default of `on_repeat`; see `effective_after_match`."""

    key: KeyPaths = (("customer_id",),)
    per: KeyPath | None = None
    steps: Annotated[tuple[Step, ...], NotEmpty]
    within_us: Span | None = Field(default=None, alias="within")
    exit: tuple[Matcher, ...] = ()
    on_repeat: Literal["restart", "ignore", "overlap"] = "restart"
    after_match: AfterMatchField | None = None
    fires: FiresField = Fires()
    on_expire: OnExpire | None = None

    @property
    def effective_after_match(self) -> AfterMatch:
        """`after_match`, or what it is by default: `keep` with `overlap`, else `skip_past_last`."""
        return self.after_match or AfterMatch("keep" if self.on_repeat == "overlap" else "skip_past_last")

    @property
    def is_single_event(self) -> bool:
        """Whether one event alone is the match, so that it fires on arrival."""
        return len(self.steps) == 1 and isinstance(self.steps[0], EventStep) and self.steps[0].times is None

    @field_validator("steps", mode="after")
    @classmethod
    def _give_the_first_span_to_times(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """`times: 3` beside `within: T`, with no event step before: T is the span of the repetition."""
        for index, step in enumerate(steps):
            if isinstance(step, EventStep) and step.times is not None and step.within_us is not None:
                if step.times.within_us is not None:
                    refused = Refused(
                        "is a second span beside times: {within: …}, and no event step is before it",
                        allowed="one of them",
                    )
                    raise validation_error("steps", [Finding((index, "within"), UNSHOWN, refused)])
                times = step.times.model_copy(update={"within_us": step.within_us})
                spanned = step.model_copy(update={"times": times, "within_us": None})
                return (*steps[:index], spanned, *steps[index + 1 :])
            if isinstance(step, EventStep | AllStep | AnyStep):
                break
        return steps


class Trigger(ConfigModel):
    """One customer rule: `match`, then `policy`, then `actions`."""

    trigger: Identifier
    version: Count
    description: StrictStr | None = None
    match: Match
    policy: Policy = Policy()
    actions: Annotated[tuple[Action, ...], NotEmpty]

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> "Trigger":
        if info.context is PARTS_ONLY:
            return self
        # The checks read the models of this module, so they can only be imported once it is complete.
        from config.language.checks import check_trigger

        findings = check_trigger(self)
        if findings:
            raise validation_error("Trigger", findings)
        return self
