from repunet.analysis.view import RunView as RunView
from repunet.analysis.view import open_run as open_run
from repunet.api import aresume as aresume
from repunet.api import arun as arun
from repunet.api import compare as compare
from repunet.api import fork as fork
from repunet.api import minds as minds
from repunet.api import resume as resume
from repunet.api import run as run
from repunet.api import scenarios as scenarios
from repunet.api import sweep as sweep
from repunet.api import treatments as treatments
from repunet.errors import RepuNetError as RepuNetError
from repunet.errors import Stopped as Stopped
from repunet.errors import UsageError as UsageError
from repunet.layer import Layer as Layer
from repunet.models.request import Transport as _Transport
from repunet.questions.mind import Mind as Mind
from repunet.runs.spec import RunSpec as RunSpec
from repunet.world.treatment import Treatment as Treatment

__version__: str
Model = _Transport
