"""The command line: `repunet`. Each command leaves through an honest code.

0 done, 1 failed, 2 bad use, 3 stopped resumably.
"""

import os
import sys
from contextlib import suppress

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

app = App(
    name="repunet",
    version=f"RepuNet {__version__}",
    help="Societies of language-model agents that keep reputations, gossip and choose partners.",
)
app.command("repunet.cli.play:run", help="Found a society and let it play.")
app.command("repunet.cli.planning:plan", help="Forecast calls, tokens, money and time of a run.")
app.command("repunet.cli.play:resume", help="Go on with a run, to its end or beyond.")
app.command("repunet.cli.play:demo", help="Play with RepuNet and without, and compare.")
app.command("repunet.cli.sweeping:sweep", help="Play every combination that a grid lists.")
app.command("repunet.cli.sweeping:batch", help="Play a list of jobs, each a line of words.")
app.command("repunet.cli.reproducing:reproduce", help="Try the paper's tables, figures and claims.")
app.command("repunet.cli.dilemmas:scenarios", help="List the dilemmas, and what is at stake.")
app.command("repunet.cli.shell:shell", help="Play, look, go back and ask, line by line.")
app.command("repunet.cli.seeds:seed", name="seed", help="Make and show seeds: people for runs.")
app.command(
    "repunet.cli.seeds:profiles", name="profiles", help="Write people as the reference's profiles."
)
app.command("repunet.cli.look:runs", help="List the runs there are.")
app.command("repunet.cli.look:show", help="Show a society, or one agent, after any round.")
app.command("repunet.cli.comparing:compare", help="Compare arms of runs, with intervals and tests.")
app.command("repunet.cli.comparing:power", help="Compute the number of runs an arm needs.")
app.command("repunet.cli.reporting:report", help="Tell all of a run, or of several, in one page.")
app.command("repunet.cli.drawing:figures", help="Draw one run or many, for print.")
app.command(
    "repunet.cli.words:prompts",
    name="prompts",
    help="Show what agents are asked, and how treatments differ in it.",
)
app.command("repunet.cli.models:cost", help="Show what a run cost, and for what.")
app.command("repunet.cli.doctor:doctor", help="Tell whether a language model can be used.")
app.command("repunet.cli.look:digest", help="Print the hash that equal runs share.")
app.command("repunet.cli.explain:why", help="Explain a decision: its sources, what came of it.")
app.command("repunet.cli.explain:diff", help="Find where two runs begin to differ, and why.")
app.command("repunet.cli.history:fork", help="Share a run's past, then change something.")
app.command("repunet.cli.history:replay", help="Derive a run again from its decisions.")
app.command("repunet.cli.history:verify", help="Check that a run file is sound.")
app.command("repunet.cli.exchange:import_", name="import", help="Take over a reference's run.")
app.command("repunet.cli.exchange:export", help="Write a run as tables, or a reference's run.")
app.command(
    "repunet.cli.validating:validate", help="Check RepuNet against exact scores, theory and people."
)
app.command("repunet.cli.fake:fake_llm", name="fake-llm", help="Serve made-up answers, for tests.")


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
