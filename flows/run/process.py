"""One process of a supervised flow. ``flows.run`` starts it; its exit status is of ``flows.exit_status``.

It ends in order at the end of its standard input, which also comes when the supervisor dies.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from flows.exit_status import ExitStatus, status_of
from flows.run.engine_watch import watch_workers
from flows.run.witness import witness
from flows.stop import process_stop


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the flow; does not return."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = process_stop()
    stop.grace_s = asked.grace
    threading.Thread(target=_stop_at_end_of_input, name="supervisor", daemon=True).start()
    flow = import_module(f"flows.{asked.flow}").flow()
    is_alone = not asked.address
    witness(flow, lambda error: _end(error, is_alone=is_alone))
    if not is_alone:
        watch_workers(_workers_ended)
    recovery = None
    if asked.recovery is not None:
        recovery = RecoveryConfig(asked.recovery, timedelta(seconds=asked.backup))  # type: ignore[no-untyped-call]
    try:
        # Addresses, if none, for this way the engine runs its workers beside the main thread, which then hears signals.
        cli_main(  # type: ignore[no-untyped-call]
            flow,
            workers_per_process=asked.workers,
            process_id=asked.process,
            addresses=asked.address,
            epoch_interval=timedelta(seconds=asked.epoch),
            recovery_config=recovery,
        )
    except BaseException as error:
        _end(_cause(error), is_alone=is_alone)
    if not stop.is_asked():
        _leave(ExitStatus.PEER_LOST, "another process of the flow has ended")
    _leave(ExitStatus.STOPPED, "stopped; everything read is in a closed epoch")


def _end(error: BaseException, *, is_alone: bool) -> NoReturn:
    """At once also where a step raises: of several processes the engine of this one would wait for the others."""
    status = status_of(error)
    if process_stop().is_asked():
        _leave(ExitStatus.STOPPED, f"stopped; the open epoch is given up, what it had read is read again ({error})")
    if isinstance(error, Exception) and status is ExitStatus.FAILED:
        traceback.print_exception(error)
    elif status is ExitStatus.FAILED and not is_alone:
        # The engine's own panic, and no step raised anything: a connection to another process broke.
        _leave(ExitStatus.PEER_LOST, "another process of the flow has ended")
    _leave(status, f"{type(error).__name__}: {error}")


def _workers_ended() -> None:
    if not process_stop().is_asked():
        _leave(ExitStatus.FAILED, "the engine's workers have ended, without an error of any step of the flow")


def _leave(status: ExitStatus, said: str) -> NoReturn:
    """At once: what libraries do on a process's way out can take seconds, and nothing is left to be saved."""
    sys.stderr.write(f"{said}\n")
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(status)


def _cause(error: BaseException) -> BaseException:
    """What a step raised, below what the engine wrapped it in."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _stop_at_end_of_input() -> None:
    while os.read(0, 1):  # not by sys.stdin, whose lock would still be held when the interpreter ends
        pass
    process_stop().ask()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.run.process")
    parser.add_argument("flow")
    parser.add_argument("--process", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--address", action="append", default=[])
    parser.add_argument("--epoch", type=float, required=True)
    parser.add_argument("--grace", type=float, required=True)
    parser.add_argument("--recovery", type=Path)
    parser.add_argument("--backup", type=float, default=0.0)
    return parser


if __name__ == "__main__":
    main()
