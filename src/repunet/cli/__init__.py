"""The command line: `repunet`. Each command leaves through an honest code.

0 done, 1 failed, 2 bad use, 3 stopped resumably.
"""

import os
import sys
from contextlib import suppress
from keyword import iskeyword

from cyclopts import App, CycloptsError

from repunet import __version__
from repunet.errors import RepuNetError, UsageError
from repunet.system.terminal import in_one_line, prepare, tell

DONE, FAILED, BAD_USE, INTERRUPTED = 0, 1, 2, 130

THEIRS = {
    "start.py": "shell",
    "auto_run.py": "run",
    "run_simulation.py": "run",
    "batch_run.sh": "batch FILE",
    "change_sim_folder.py": "seed new",
    "export_profiles.py": "profiles export",
}
"""The programs of the reference's runner, and what they are called here."""

COMMANDS = {
    "run": "Found a society and let it play.",
    "plan": "Forecast calls, tokens, money and time of a run.",
    "resume": "Go on with a run, to its end or beyond.",
    "demo": "Play with RepuNet and without, and compare.",
    "sweep": "Play every combination that a grid lists.",
    "batch": "Play a list of jobs, each a line of words.",
    "reproduce": "Try the paper's tables, figures and claims.",
    "scenarios": "List the dilemmas, and what is at stake.",
    "minds": "List what can decide for agents.",
    "models": "List providers of language models, and which keys are set.",
    "shell": "Play, look, go back and ask, line by line.",
    "seed": "Make and show seeds: people for runs.",
    "profiles": "Write people as the reference's profiles.",
    "runs": "List the runs there are.",
    "show": "Show a society, or one agent, after any round.",
    "compare": "Compare arms of runs, with intervals and tests.",
    "power": "Compute the number of runs an arm needs.",
    "report": "Tell all of a run, or of several, in one page.",
    "figures": "Draw one run or many, for print.",
    "prompts": "Show what agents are asked, and how treatments differ in it.",
    "cost": "Show what a run cost, and for what.",
    "doctor": "Tell whether a language model can be used.",
    "digest": "Print the hash that equal runs share.",
    "why": "Explain a decision: its sources, what came of it.",
    "diff": "Find where two runs begin to differ, and why.",
    "fork": "Share a run's past, then change something.",
    "replay": "Derive a run again from its decisions.",
    "verify": "Check that a run file is sound.",
    "import": "Take over a reference's run.",
    "export": "Write a run as tables, or a reference's run.",
    "validate": "Check RepuNet against exact scores, theory and people.",
    "fake-llm": "Serve made-up answers, for tests.",
}
"""What each command does; the file of a command, and its function, have the command's name."""


def location(command: str) -> str:
    """Return where a command is, for it is imported when it is called.

    >>> location("fake-llm"), location("import")
    ('repunet.cli.commands.fake_llm:fake_llm', 'repunet.cli.commands.import_:import_')
    """
    name = command.replace("-", "_") + "_" * iskeyword(command)
    return f"repunet.cli.commands.{name}:{name}"


app = App(
    name="repunet",
    version=f"RepuNet {__version__}",
    help="Societies of language-model agents that keep reputations, gossip and choose partners.",
)
for _name, _help in COMMANDS.items():
    app.command(location(_name), name=_name, help=_help)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit with its code."""
    prepare()
    sys.exit(execute(sys.argv[1:] if arguments is None else arguments))


def execute(arguments: list[str]) -> int:
    """Run a command and return its code; what goes wrong is one line on the error stream."""
    try:
        _require_ours(arguments)
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except RepuNetError as error:
        if error.detail:
            tell(error.detail)
        return _complain(str(error), error.exit_code)
    except CycloptsError as error:
        return _complain(f"{_in_one_line(error)}; see: repunet --help", UsageError.exit_code)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _print_no_more()
        return DONE
    except OSError as error:
        _print_no_more()
        return _complain(f"{error.filename or 'the output'}: {error.strerror or error}", FAILED)
    return code if isinstance(code, int) else DONE


def _require_ours(arguments: list[str]) -> None:
    """Raise UsageError, with what it is called here, for a program of the reference's runner."""
    program = arguments[0].replace("\\", "/").rpartition("/")[2] if arguments else ""
    if program in THEIRS:
        raise UsageError(f"{program} is called here: repunet {THEIRS[program]}; options as there")


def _print_no_more() -> None:
    """Let go of what could not be printed, lest it be tried again at the exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, code: int) -> int:
    tell(f"repunet: {in_one_line(message)}")
    return code


def _in_one_line(error: CycloptsError) -> str:
    return " ".join(str(error).split()).removesuffix(", ...").rstrip(".")
