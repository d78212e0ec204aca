"""What pytest leaves alone: modules for which an extra is missing here."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("ray") else ["src/repunet/experiment/distributed.py"]
