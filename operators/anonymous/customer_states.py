"""Which states are one customer's: of triggers whose key is the customer, or the customer and something else."""

from __future__ import annotations

from collections.abc import Iterable

from operators.automaton import Automaton
from operators.program import Key, Program
from operators.states import OpenStates, StatesByFirst

_CUSTOMER = ("customer_id",)


def is_by_customer(program: Program) -> bool:
    """Whether the trigger's key begins with the customer: what a known one takes over from an anonymous one."""
    return program.key[0] == _CUSTOMER


def keep_by_customer(automata: Iterable[Automaton]) -> None:
    """Lets automata that have nothing open yet find what a customer has open under keys that only begin with him."""
    for automaton in automata:
        if is_by_customer(automaton.program) and len(automaton.program.key) > 1:
            automaton.states = StatesByFirst()


def keys_of(states: OpenStates, customer_id: str) -> list[Key]:
    """The keys of a trigger ``is_by_customer`` under which something of this customer is open."""
    if isinstance(states, StatesByFirst):
        return sorted(states.owners_of(customer_id))
    return [customer_id] if customer_id in states else []
