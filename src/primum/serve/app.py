"""The application: its parts opened, its routers and layers put together, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from primum.errors import PrimumError
from primum.ethics.ledger import Ledger
from primum.ethics.signing import load_key
from primum.files import write_private
from primum.privacy.at_rest import MasterKeys, new_key, read_keys
from primum.serve.api.routers import ROUTERS
from primum.serve.cases import Cases
from primum.serve.desk import Desk
from primum.serve.engine import Engine
from primum.serve.metrics import Metrics
from primum.serve.page import install as install_page
from primum.serve.people import People, PeopleRules
from primum.serve.people.sign_on import SignOn
from primum.serve.security import install
from primum.serve.security.limits import for_images
from primum.serve.settings import Settings
from primum.serve.tracing import Traces, Untraced
from primum.serve.uses import Uses

logger = logging.getLogger(__name__)
_REFRESH_S = 5.0
_SWEEP_S = 3600.0
_DAY_S = 86_400.0
_ABOUT = (
    "Guarded answers of signed Releases. Every answer carries what guards it and what the model does not know; its "
    "Case is stored, encrypted, and in the Ledger before it goes out. A person decides."
)


def create_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application; its Releases are verified and its database is opened here.

    Raises:
        ReleaseError: a Release may not be served.
        InputError: a key, a list of trusted keys or the database cannot be used.
    """
    engine = Engine.open(settings)
    masters = master_keys(settings)
    key = None if settings.signing_key is None else load_key(settings.signing_key)
    ledger = Ledger.open(settings.db, key=key)
    people = People.open(settings.db, ledger=ledger, rules=PeopleRules(secure=settings.secure))
    cases = Cases.open(settings.db, ledger=ledger, masters=masters, readers=2 if settings.second_reader else 1)
    app = FastAPI(
        title="primum",
        version=version("primum"),
        description=_ABOUT,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: "_".join([*map(str, route.tags[:1]), route.name]),
    )
    state = app.state
    state.settings, state.engine, state.ledger, state.people = settings, engine, ledger, people
    state.cases, state.metrics, state.uses = cases, Metrics(), Uses(ledger, engine)
    state.traces = None if settings.traces_to is None else Traces.to(settings.traces_to)
    state.desk = Desk(
        engine, cases, key=key, settings=settings, answered=state.metrics.answered, spans=state.traces or Untraced()
    )
    state.sign_on = None if settings.sso is None else SignOn.read(settings.sso)
    state.column_names = engine.column_names
    state.uses.refresh()
    for router in ROUTERS:
        app.include_router(router)
    install_page(app)
    app.add_middleware(state.metrics.layer)
    if state.traces is not None:
        app.add_middleware(state.traces.layer)
    reads_images = any(one.roles.inputs.image is not None for one in engine.releases.values())
    limits = for_images(settings.image_megabytes) if reads_images else None
    install(app, limits=limits, secure=settings.secure)
    return app


def master_keys(settings: Settings) -> MasterKeys:
    """Return the keys that encrypt Cases; a key file that is not there yet is made, for its owner alone.

    Raises:
        InputError: it cannot be read, made, or holds no key.
    """
    kind, sign, rest = settings.keys.partition(":")
    file = Path(rest if sign and kind == "file" else settings.keys)
    if not (sign and kind in ("env", "command")) and not file.exists():
        write_private(file, f"{new_key()}\n".encode())
        logger.warning("master_key_made file=%s", file.name)
    return read_keys(settings.keys)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    tasks = [asyncio.create_task(_again(_REFRESH_S, state.uses.refresh))]
    days = state.settings.retention_days
    if days is not None:
        tasks.append(asyncio.create_task(_again(_SWEEP_S, lambda: state.cases.forget(older_than_s=days * _DAY_S))))
    try:
        yield
    finally:
        state.stopping = True
        for task in tasks:
            task.cancel()
        await run_in_threadpool(_close, state)


async def _again(every_s: float, do: Callable[[], Any]) -> None:
    """Do something now and then; what goes wrong is logged by its class, and tried again."""
    while True:
        try:
            await run_in_threadpool(do)
        except PrimumError as exc:
            logger.warning("background_failed error=%s", type(exc).__name__)
        await asyncio.sleep(every_s)


def _close(state: Any) -> None:
    state.desk.close()
    if state.traces is not None:
        state.traces.close()
    for part in (state.cases, state.people, state.ledger):
        part.close()
