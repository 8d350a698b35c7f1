"""The room of accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from primum.errors import PrimumError
from primum.serve.page.rendering import render
from primum.serve.page.session import Door, Field, said
from primum.serve.people.access import needs
from primum.serve.people.keeper import People
from primum.serve.people.permissions import ROLES
from primum.serve.people.principal import Principal
from primum.serve.security.faults import Refused

router = APIRouter(include_in_schema=False, prefix="/people")
Manager = Annotated[Principal, Depends(needs("people.manage"))]


@router.get("")
def accounts(request: Request, people: Door, who: Manager) -> Response:
    """Show every account."""
    return _room(request, people)


@router.post("")
def add(request: Request, people: Door, who: Manager, name: Field, role: Field) -> Response:
    """Make an account and show its first password once."""
    try:
        account, password = people.add(name, role, by=who.name)
    except PrimumError as exc:
        return _room(request, people, fault=exc)
    return _room(request, people, given={"name": account.name, "password": password})


@router.post("/{account}")
def change(
    account: str,
    request: Request,
    people: Door,
    who: Manager,
    role: Annotated[str | None, Form(max_length=40)] = None,
    active: Annotated[Literal["yes", "no"] | None, Form()] = None,
) -> Response:
    """Give an account another role, close it or open it again."""
    try:
        people.change(account, by=who.name, role=role, active=None if active is None else active == "yes")
    except PrimumError as exc:
        return _room(request, people, fault=exc)
    return _room(request, people)


@router.post("/{account}/password")
def reset(account: str, request: Request, people: Door, who: Manager) -> Response:
    """Give an account another first password and show it once."""
    try:
        password = people.reset_password(account, by=who.name)
    except PrimumError as exc:
        return _room(request, people, fault=exc)
    return _room(request, people, given={"name": people.accounts.get(account).name, "password": password})


def _room(
    request: Request, people: People, *, fault: PrimumError | None = None, given: dict[str, str] | None = None
) -> Response:
    status = 200 if fault is None else fault.status if isinstance(fault, Refused) else 422
    values = {"accounts": people.accounts.all(), "roles": ROLES, "given": given, "said": said(request, fault)}
    return render(request, "people.html", status=status, room="people", **values)
