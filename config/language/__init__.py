"""The trigger language as frozen models, ready for a compiler.

Durations are whole microseconds (`*_us`), types and paths tuples of text, references parsed. Reading a
trigger through these models refuses what cannot work; `config.loader` adds the file and line.
"""

from config.language.conditions import AllOf, AnyOf, Comparison, Condition, Not, Value, comparisons
from config.language.fields import ANY_TYPE, LocalTime
from config.language.matcher import Matcher
from config.language.policy import Action, Cap, DataValue, Policy, QuietHours
from config.language.repetition import Bound, Having, Times
from config.language.steps import (
    AbsentStep,
    AllStep,
    AnyStep,
    AtStep,
    EventMember,
    EventStep,
    Idle,
    IdleStep,
    Member,
    Step,
    WaitStep,
)
from config.language.trigger import AfterMatch, Fires, Match, OnExpire, Trigger

__all__ = [
    "ANY_TYPE",
    "AbsentStep",
    "Action",
    "AfterMatch",
    "AllOf",
    "AllStep",
    "AnyOf",
    "AnyStep",
    "AtStep",
    "Bound",
    "Cap",
    "Comparison",
    "Condition",
    "DataValue",
    "EventMember",
    "EventStep",
    "Fires",
    "Having",
    "Idle",
    "IdleStep",
    "LocalTime",
    "Match",
    "Matcher",
    "Member",
    "Not",
    "OnExpire",
    "Policy",
    "QuietHours",
    "Step",
    "Times",
    "Trigger",
    "Value",
    "WaitStep",
    "comparisons",
]
