"""Servers with habits: what providers do, entry by entry, and how a run must end all the same.

An entry is a function of about ten lines. It is given a `Call`, and returns what the server says:
a dictionary (JSON with status 200), or a response of aiohttp's, prepared or not:

    @habit("OpenRouter ends answers with `error` (openrouter.ai/docs/errors)", extra=20)
    async def an_answer_ends_in_an_error(call: Call) -> Answer:
        if call.times > 1:
            return call.answered()
        return call.answered("", finish="error")

- The first words say whose habit it is, and where that can be read.
- `ends` says what becomes of the run: `equal`, the digest of the run without the habit; `missing`,
  the run in which the decisions that the habit strikes (`where`) are missing, and nothing else
  differs; `stop`, a stop that says `says`, and that `repunet resume` heals once the habit is over.
- `extra` is how many requests may be sent beyond those of the run without the habit; for a stop,
  how many in all.
- `control` marks a habit that version 0.1.0 stood already; every other one fails there.
- `native` is for habits that are met in Anthropic's own protocol, through its own client.
- `slow` is for what takes more than a second; `awaited` for what is not mended yet, and not played.

`call.answered()` is a true answer, which follows from the question alone; `call.wrong()` an error
of OpenAI's shape; `call.request` aiohttp's request, for streams and cut connections. Put an entry
into the file of its kind, or name a new file in `KINDS`. `test_zoo.py` plays them all, each in a
run of four agents and one round; besides its end it checks of each that no answer was made up, that
no key is in any file, that it ended in its time, and that memory stayed bounded.
"""

from importlib import import_module

KINDS = (
    "parameters", "room", "finishing", "refusals", "formats", "waiting", "bodies", "answers",
    "native",
)  # fmt: skip
"""The modules that hold the entries."""

for _kind in KINDS:
    import_module(f"zoo.{_kind}")
