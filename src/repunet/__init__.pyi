from repunet.analysis.view import RunView as RunView
from repunet.analysis.view import open_run as open_run

__version__: str
