"""A server that speaks OpenAI's protocol and knows nothing: for tests and demonstrations.

What it answers follows from what it is asked, so that the same question is answered in the same
way however often, in whatever order and in whatever format; what goes wrong follows from a seed.
"""

from repunet.fake_llm.faults import Faults
from repunet.fake_llm.server import FakeLLM, serving
from repunet.fake_llm.settings import Settings
from repunet.fake_llm.stats import Stats

__all__ = ["FakeLLM", "Faults", "Settings", "Stats", "serving"]
