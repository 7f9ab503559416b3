"""Whether the server answers, and which it is."""

from importlib.metadata import version

import attrs
from litestar import Response, Router, get
from litestar.di import NamedDependency

from invoke_apps.web._call import Call
from invoke_apps.web.guard import OPEN
from invoke_apps.web.routes._health_views import HealthView


@attrs.frozen(kw_only=True)
class Liveness:
    """The process answers."""

    status: str = "ok"


@attrs.frozen(kw_only=True)
class Readiness:
    """Whether each part that a request needs answers: "ok", or one sentence that says why not."""

    ready: bool
    database: str
    storage: str
    runner: str


@attrs.frozen(kw_only=True)
class Version:
    """Which server this is."""

    version: str


@get("/healthz", opt=OPEN, sync_to_thread=False)
def healthz() -> Liveness:
    """Say that the process answers."""
    return Liveness()


@get("/readyz", opt=OPEN, sync_to_thread=True)
def readyz(call: NamedDependency[Call]) -> Response[Readiness]:
    """Say whether database, storage and runner answer; 503 where one does not."""
    parts = call.anonymous(lambda app, client: app.readiness())
    ready = all(word == "ok" for word in parts.values())
    return Response(Readiness(ready=ready, **parts), status_code=200 if ready else 503)


@get("/api/v1/system/health", sync_to_thread=True)
def health(call: NamedDependency[Call]) -> HealthView:
    """Return how the server fares: what it keeps, who is there, what waits, what went wrong lately."""
    return call(lambda app, principal: HealthView.of(app.health.look(principal), app.readiness()))


@get("/api/v1/app/version", opt=OPEN, sync_to_thread=False)
def app_version() -> Version:
    """Return the server's version."""
    return Version(version=version("invoke-multiuser"))


router = Router(path="/", route_handlers=[healthz, readyz, health, app_version], tags=["system"])
