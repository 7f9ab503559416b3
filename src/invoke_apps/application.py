"""The application object: every service, wired; what the server, the CLI, a worker and a notebook use."""

import attrs

from invoke_apps.settings import Settings
from invoke_core.ports.progress import ProgressStore
from invoke_core.ports.unit_of_work import Database
from invoke_core.services.events import EventService


@attrs.frozen(kw_only=True)
class Application:
    """Everything that can be done with one root, as services; built by `composition.build`."""

    settings: Settings
    database: Database
    progress: ProgressStore
    events: EventService
