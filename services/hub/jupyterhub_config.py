"""Read by JupyterHub at its start."""

import os
import sys
from pathlib import Path

from traitlets.config import get_config

sys.path.insert(0, str(Path(__file__).parent))

from carrel_hub.configure import configure
from carrel_hub.settings import load_settings

configure(get_config(), load_settings(os.environ))
