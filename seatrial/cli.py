"""
The command line.

Only click is imported here, and everything else inside the commands: `seatrial --help` has to
answer at once. A command returns its exit code; `main` turns every error into one line and a code.
"""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from . import __version__

__all__ = ["commands", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        # The process is ours. Next to nothing that a search makes is garbage: look for it less.
        gc.set_threshold(100_000, 20, 100)
    _open_streams()
    try:
        code = commands.main(args=words, prog_name="seatrial", standalone_mode=False)
    except click.ClickException as error:
        from .failures import complain

        complain(
            f"{error.format_message()} (seatrial {_command_of(error)}--help lists what there is)"
        )
        return 2
    except (click.Abort, KeyboardInterrupt) as error:
        from .failures import INCONCLUSIVE, complain

        complain(str(error) or "interrupted before there was anything to report")
        return INCONCLUSIVE
    except Exception as error:
        from .failures import failed

        return failed(error, words)
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Where the caller has closed stdout or stderr (`>&-`), what goes there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _command_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path.split()[1:] if context is not None else []
    return "".join(f"{word} " for word in path)


def _amount(parse: str) -> Callable[..., tuple[str, float] | None]:
    """A callback for an amount with a unit: its text, which repeats the run, and its value."""

    def callback(
        context: click.Context, option: click.Parameter, text: str | None
    ) -> tuple[str, float] | None:
        from . import quantities

        try:
            return None if text is None else (text, getattr(quantities, parse)(text))
        except ValueError as error:
            raise click.BadParameter(str(error), context, option) from None

    return callback


class _Range(click.IntRange):
    """An integer of a range, and an answer that says so where it is none."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, str) and not value.strip().lstrip("+-").isdecimal():
            self.fail(f"{value!r} is not an integer", param, ctx)
        return super().convert(value, param, ctx)


class _Place(click.Path):
    """A path; an empty text is the value of a shell variable that is not set, and no path."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, str) and not value.strip():
            self.fail(f"{value!r} is empty; give a {self.name}", param, ctx)
        return super().convert(value, param, ctx)


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_COLOR = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour of text output; auto: where it goes to a terminal and NO_COLOR is not set.",
)


@click.group(context_settings=_SETTINGS, no_args_is_help=False)
@click.version_option(__version__, prog_name="seatrial", message="%(prog)s %(version)s")
def commands() -> None:
    """Check models of Kubernetes workload controllers: every reachable state, shortest
    counterexamples.

    Exit codes: 0 every asserted property holds within the stated bounds; 1 one is violated; 2 usage
    or bad input; 3 inconclusive; 4 internal error, or a report that could not be written.
    """


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator, in this order in the help."""

    def add(function: Any) -> Any:
        for each in reversed(options):
            function = each(function)
        return function

    return add


_WHAT = _options(
    click.argument("targets", nargs=-1, type=_Place(), metavar="FILE.yaml...|example:NAME"),
    click.option(
        "--trial",
        "trial_file",
        type=_Place(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A trial file: manifests, environment and invariants. Options go before what it says.",
    ),
    click.option(
        "--set",
        "given",
        multiple=True,
        metavar="NAME=VALUE",
        help="A parameter of the example, an integer. Repeatable; `seatrial examples` lists them.",
    ),
    click.option(
        "--property",
        "properties",
        multiple=True,
        metavar="ID",
        help="Check only this property. Repeatable.",
    ),
    click.option(
        "--why",
        metavar="ID",
        help="Ask this promise where its preconditions are met, and once without each that is not.",
    ),
)
_AROUND = _options(
    click.option(
        "--users",
        multiple=True,
        metavar="NAME[:VALUE][@TIMES],...",
        help="What users may do, and how often, or none. With a Deployment: set-image, restart,"
        " scale:N, undo, pause, resume, apply, delete[:background|foreground|orphan]. With a"
        " StatefulSet: set-image, scale:N, undo, delete[:…], apply, set-partition:N,"
        " set-retention:VALUE, delete-pod, force-delete, delete-claim, drain, delete-node,"
        " out-of-service. With a Job: set-parallelism:N, set-completions:N,"
        " set-backoff-limit:N, set-active-deadline:N, set-ttl:N, set-max-failed-indexes:N, suspend,"
        " resume, delete[:…], delete-pod, strip-finalizer. [default: set-image; of a Job none]",
    ),
    click.option(
        "--faults",
        multiple=True,
        metavar="NAME[@TIMES],...",
        help="What may go wrong, and how often, or none. Around a Deployment: container-exit,"
        " unready, pod-failed, never-ready, unschedulable, controller-restart, failover,"
        " write-failure, write-unknown, expectations-expire, hash-collision, relist. Around a"
        " StatefulSet: container-exit, unready, pod-failed, never-ready, controller-restart,"
        " second-controller, write-failure, node-crash, node-off, node-partition, kubelet-restart,"
        " stale-api-server, stale-dns. Around a Job: container-exit[:CODE], evict, pod-condition,"
        " node-crash, node-off, controller-restart, failover, write-failure, write-unknown,"
        " expectations-expire, relist, stale-api-server."
        " [default: container-exit; around a StatefulSet node-partition]",
    ),
    click.option(
        "--level",
        type=click.Choice(["atomic", "interleaved", "faulty"]),
        help="How finely steps interleave. Without --level and --lag a ladder is climbed for a"
        " minute: atomic lag 0, interleaved lag 1, faulty lag 1.",
    ),
    click.option(
        "--lag",
        type=_Range(min=0, max=4),
        metavar="K",
        help="How many watch events of a kind may be on their way to the controllers.",
    ),
    click.option(
        "--clock",
        metavar="prompt|slow[@N]",
        help="When time passes: only when nothing else can happen, or N times before that."
        " [default: prompt]",
    ),
    click.option(
        "--nodes",
        type=int,
        metavar="N",
        help="How many nodes there are, where nodes are modelled (StatefulSets). [default: 2,"
        " or as many as members that are kept apart need]",
    ),
    click.option("--kubernetes", metavar="VERSION", help="Whose controllers. [default: 1.36.3]"),
    click.option(
        "--feature-gates",
        multiple=True,
        metavar="NAME=true|false,...",
        help="Feature gates, over their defaults in that version.",
    ),
    click.option(
        "--bug",
        "--mutant",
        "bugs",
        multiple=True,
        metavar="ID",
        help="With this known bug; without a file, in the small system that shows it. Repeatable.",
    ),
    click.option(
        "--fix",
        "fixes",
        multiple=True,
        metavar="ID",
        help="With the fix of a known bug that the modelled version still has. Repeatable.",
    ),
    click.option(
        "--assume-inert",
        multiple=True,
        metavar="KIND|FIELD",
        help="Assume that this kind or field, which is not modelled, changes nothing. Repeatable.",
    ),
)
_LIMITS = _options(
    click.option("--max-states", type=_Range(min=1), metavar="N", help="End after so many states."),
    click.option("--max-depth", type=_Range(min=0), metavar="N", help="End after so many steps."),
    click.option(
        "--time-limit",
        callback=_amount("parse_seconds"),
        metavar="TIME",
        help="End after this time of searching: 30, 30s, 5m, 1h.",
    ),
    click.option(
        "--memory-limit",
        callback=_amount("parse_bytes"),
        metavar="SIZE",
        help="End where the engine's own tables hold this much: 512MiB, 4GiB.",
    ),
    click.option(
        "--first",
        is_flag=True,
        help="End after the level of the first violation of an asserted promise; with --strict, of"
        " any.",
    ),
)
_HOW = _options(
    click.option(
        "--strict",
        is_flag=True,
        help="Promises listed as refuted change the exit code like the others.",
    ),
    click.option(
        "--reduce",
        multiple=True,
        type=click.Choice(["symmetry", "partial-order"]),
        help="Search fewer states with the same verdicts. Repeatable; the report says where a"
        " reduction cannot be used.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["explore", "hypothesis", "auto"]),
        default="explore",
        show_default=True,
        help="How to check: explore visits every reachable state; hypothesis takes random runs,"
        " which prove nothing and find much; auto explores, and takes random runs where a limit"
        " ended that.",
    ),
    click.option(
        "--runs",
        type=_Range(min=1),
        metavar="N",
        help="Take so many random runs of each system. [default: 1000]",
    ),
    click.option(
        "--steps",
        type=_Range(1, 2000),
        metavar="M",
        help="End a random run after so many steps. [default: 200]",
    ),
    click.option(
        "--seed",
        type=_Range(min=0),
        metavar="S",
        help="What random runs follow from: the same seed, the same runs. [default: 0]",
    ),
    click.option(
        "--examples",
        type=_Place(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Keep violations of random runs there (Hypothesis' example database), and try those"
        " first that are there.",
    ),
    click.option(
        "--threads",
        type=_Range(1, 64),
        metavar="N",
        help="Threads of a large search; results do not depend on it. [default: all processors]",
    ),
)
_REPORT = _options(
    click.option(
        "--format",
        type=click.Choice(["text", "json", "junit", "sarif"]),
        default="text",
        show_default=True,
        help="Form of the report: JSON is the one for scripts, JUnit XML and SARIF are for CI.",
    ),
    click.option(
        "--output",
        type=_Place(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write the report there and not to standard output.",
    ),
    click.option(
        "--itf",
        type=_Place(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write each trace there, as PROPERTY.itf.json (Informal Trace Format).",
    ),
    click.option(
        "--all-values", is_flag=True, help="Show whole states in traces, not only changes."
    ),
    _COLOR,
    click.option("--quiet", is_flag=True, help="No progress, and no traces in the text report."),
)


@commands.command()
@_WHAT
@_AROUND
@_LIMITS
@_HOW
@_REPORT
def check(
    engine: str,
    users: tuple[str, ...],
    faults: tuple[str, ...],
    level: str | None,
    lag: int | None,
    clock: str | None,
    nodes: int | None,
    kubernetes: str | None,
    feature_gates: tuple[str, ...],
    bugs: tuple[str, ...],
    fixes: tuple[str, ...],
    assume_inert: tuple[str, ...],
    time_limit: tuple[str, float] | None,
    memory_limit: tuple[str, int] | None,
    max_states: int | None,
    max_depth: int | None,
    runs: int | None,
    steps: int | None,
    seed: int | None,
    examples: Path | None,
    **others: Any,
) -> int:
    """Check the workloads in files or folders of manifests, or a shipped example.

    Every state within the stated bounds is searched, and each promise gets a verdict; what breaks
    one is shown as the shortest run. The report ends with the command that gives it again.
    """
    from .checking import check as run
    from .options import RUNS, STEPS, Options, check_engine
    from .scenarios import Asked
    from .trials import is_trial

    texts = {
        "runs": runs,
        "steps": steps,
        "max-states": max_states,
        "max-depth": max_depth,
        "time-limit": time_limit and time_limit[0],
        "memory-limit": memory_limit and memory_limit[0],
    }
    asked = Asked(
        users=users,
        faults=faults,
        level=level,
        lag=lag,
        clock=clock,
        nodes=nodes,
        kubernetes=kubernetes,
        feature_gates=feature_gates,
        bugs=bugs,
        fixes=fixes,
        assume_inert=assume_inert,
    )
    source = click.get_current_context().get_parameter_source("engine")
    said = source is click.core.ParameterSource.COMMANDLINE
    trial = others["trial_file"] is not None or any(map(is_trial, others["targets"]))
    check_engine(
        # A trial file may say which engine it is, and is not read yet.
        engine if said or not trial else None,
        drawn={"--runs": runs, "--steps": steps, "--seed": seed, "--examples": examples},
        searched={
            "--max-states": max_states,
            "--max-depth": max_depth,
            "--reduce": others["reduce"] or None,
            "--threads": others["threads"],
        },
    )
    return run(
        Options(
            asked=asked,
            engine=engine,
            engine_said=said,
            seed=seed or 0,
            examples=examples,
            runs=runs or RUNS,
            steps=steps or STEPS,
            max_states=max_states,
            max_depth=max_depth,
            time_limit=time_limit and time_limit[1],
            memory_limit=memory_limit and memory_limit[1],
            limits=tuple((name, str(text)) for name, text in texts.items() if text is not None),
            **others,
        )
    )


@commands.command()
@click.argument("what", nargs=-1, metavar="FILE.yaml...|example:NAME|THEOREM...")
@click.option("--all", "all", is_flag=True, help="Prove every theorem.")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the example that is not left open. Repeatable.",
)
@click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="ID",
    help="Of the example, only this promise. Repeatable.",
)
@click.option(
    "--mutants", is_flag=True, help="Show of each theorem what breaks it: each is settled, too."
)
@click.option(
    "--assume-inert",
    multiple=True,
    metavar="KIND|FIELD",
    help="Assume that this kind or field, which is not modelled, changes nothing. Repeatable.",
)
@click.option(
    "--time-limit",
    callback=_amount("parse_seconds"),
    metavar="TIME",
    help="How long the solver may take for one question: 5s, 1m. [default: 20s]",
)
@click.option(
    "--stop-after",
    callback=_amount("parse_seconds"),
    default="30m",
    show_default=True,
    metavar="TIME",
    help="End the whole run after this time: what is not settled by then is inconclusive.",
)
@click.option(
    "--depth",
    type=_Range(0, 40),
    default=8,
    show_default=True,
    metavar="N",
    help="Of an example: how many steps are searched for a run that breaks a promise.",
)
@click.option(
    "--worst",
    metavar="ID",
    help="Of an example: the worst case of this bound, as a formula of the parameters.",
)
@click.option(
    "--summaries",
    is_flag=True,
    help="Of an example: show of each action when it does what, for all numbers.",
)
@click.option("--statistics", is_flag=True, help="Show what the solver was asked and what it cost.")
@click.option(
    "--smt2",
    type=_Place(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write every question to the solver there, in SMT-LIB; nothing is taken from the cache.",
)
@click.option(
    "--no-cache",
    "cache",
    is_flag=True,
    flag_value=False,
    default=True,
    hidden=False,
    help="Prove anew what was proved before.",
)
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report; JSON is the one for scripts.",
)
@click.option(
    "--output",
    type=_Place(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report there and not to standard output.",
)
@click.option(
    "--itf",
    type=_Place(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each counterexample there, as NAME.itf.json (Informal Trace Format).",
)
@_COLOR
def prove(**asked: Any) -> int:
    """Prove theorems about the controllers for all sizes, or find the smallest numbers that break
    them.

    Of a manifest, the theorems about its workloads; of an example, its promises for all values of
    its parameters. What the solver cannot decide in time is inconclusive.
    """
    from .proving import Asked
    from .proving import prove as run

    return run(Asked(**asked))


@commands.command()
def examples() -> int:
    """List the examples that are shipped, with their parameters."""
    from .display import write_out
    from .inspecting import list_examples

    write_out(list_examples())
    return 0


@commands.command()
@click.argument("property_id", metavar="NAME")
def explain(property_id: str) -> int:
    """Show a property, a known bug, a user or a fault: what it is, its source, how to see it."""
    from .display import write_out
    from .inspecting import explain as explained

    write_out(explained(property_id))
    return 0


@commands.group(no_args_is_help=False)
def trace() -> None:
    """Show a trace file, replay or export it, or ask the real controllers."""


_FILE = click.argument("path", type=_Place(dir_okay=False, path_type=Path), metavar="FILE.itf.json")
_TEST = click.option(
    "--test",
    metavar="FILE.py::TEST",
    help="The trace is of the system that this test of yours declares with @sea_trial; the file is"
    " imported.",
)


@trace.command()
@_FILE
@click.option("--all-values", is_flag=True, help="Show whole states, not only changes.")
@click.option(
    "--roads", is_flag=True, help="Show what else could have happened instead of the last step."
)
@_TEST
@_COLOR
def show(path: Path, all_values: bool, roads: bool, test: str | None, color: str) -> int:
    """Show a trace file as a timeline.

    The system is run along it first, and the property asked again: a file that is no run of its
    system, or does not break (or reach) what it names, is refused.
    """
    from .display import look_for, write_out
    from .inspecting import show_trace

    look = look_for(sys.stdout, color)
    write_out(show_trace(path, look, all_values=all_values, roads=roads, test=test))
    return 0


@trace.command()
@_FILE
@click.option(
    "--manifest",
    type=_Place(path_type=Path),
    metavar="FILE.yaml",
    help="Take the workload as it is in this file, and not as it was when the trace was made.",
)
@_TEST
def replay(path: Path, manifest: Path | None, test: str | None) -> int:
    """Run the system along a trace file, exactly.

    Exit code 0 where every step is a step of the system with the recorded parameters and the run
    breaks (or reaches) what it names, else 2: with the step that is not one and what was enabled
    instead, with what the end of the run shows, or with what is another in the manifest.
    """
    from .display import write_out
    from .inspecting import replay_trace

    write_out(replay_trace(path, manifest, test))
    return 0


@trace.command()
@_FILE
@click.option(
    "--to",
    "form",
    type=click.Choice(["pytest", "mermaid", "json", "html"]),
    required=True,
    help="A regression test, a sequence diagram, plain data, or a page to step through.",
)
@click.option(
    "--output",
    type=_Place(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there and not to standard output.",
)
@_TEST
def export(path: Path, form: str, output: Path | None, test: str | None) -> int:
    """Write a trace file in another form.

    The system is run along it first, as `replay` does.
    """
    from .display import write_out
    from .exporting import export_trace

    text = export_trace(path, form, test)
    if output is None:
        write_out(text)
    else:
        output.write_text(text, encoding="utf-8")
    return 0


@trace.command()
@_FILE
@_COLOR
def confirm(path: Path, color: str) -> int:
    """Ask the real controllers for each of their syncs in a trace of a manifest.

    Needs the oracle, which `make oracle` builds. Exit code 0 where each is confirmed, 1 where one
    parts from the trace, 3 where one could not be asked for.
    """
    from .confirming import confirm_trace
    from .display import look_for, write_out

    text, code = confirm_trace(path, look_for(sys.stdout, color))
    write_out(text)
    return code
