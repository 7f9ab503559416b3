"""Every policy broken, one at a time: what the matrix must notice (control C19).

A mutant is one change of what decides: a scope of a route, a mark of a route, a check that a service makes,
a line of a rule of the domain. `benchmarks.policies` runs all of them, a test a sample.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any
from unittest import mock

import attrs
from litestar.routes import HTTPRoute

from invoke_apps.web import scopes
from invoke_core.domain import api_keys as key_rules
from invoke_core.domain import bin as bin_rules
from invoke_core.domain import board_links as link_rules
from invoke_core.domain import boards as board_rules
from invoke_core.domain import images as image_rules
from invoke_core.domain import principals as principal_rules
from invoke_core.domain import queue as queue_rules
from invoke_core.domain import sessions as session_rules
from invoke_core.domain import shelves as shelf_rules
from invoke_core.domain import users as user_rules
from invoke_core.domain.principals import Scope
from invoke_core.services import (
    _places,
    _seen,
    _wishes,
    access,
    api_keys,
    audit,
    board_links,
    boards,
    client_state,
    downloads,
    events,
    exports,
    images,
    links,
    models,
    passwords,
    queue,
    queue_care,
    second_factor,
    sign_in,
    single_sign_on,
    statistics,
    style_presets,
    transfers,
    users,
    workflows,
)
from invoke_core.services import bin as bin_service
from tests.unit.matrix.world import World

SERVICES = (
    _places, _seen, _wishes, access, api_keys, audit, bin_service, board_links, boards, client_state,
    downloads, events, exports, images, links, models, passwords, queue, queue_care, second_factor, sign_in,
    single_sign_on, statistics, style_presets, transfers, users, workflows,
)  # fmt: skip

REFUSALS = frozenset(
    {
        "require", "_required", "require_administrator", "require_changeable", "require_grantable",
        "require_manager", "require_no_key", "require_on_image", "require_own_password", "require_takeable",
        "require_usable", "require_visible", "_require_place", "_require_own", "_require_own_sign_in",
        "_require_on_board", "_require_multiuser", "_require_setup", "_shared", "require_change",
        "require_heir", "require_no_duty", "require_sight",
    }
)  # fmt: skip
"""Functions that refuse by raising: a call that stands alone is dropped."""

JUDGEMENTS = frozenset(
    {
        "may_manage",
        "may_see_shares",
        "allows",
        "may_take_away",
        "counts",
        "is_unlocked",
        "link_works",
        "_belongs_to",
        "_counts",
        "_may_restore",
        "_sees_board",
        "_sees_image",
    }
)
"""Functions that answer whether something may be done: a call becomes `True`."""

RULES: Mapping[ModuleType, tuple[str, ...]] = {
    principal_rules: (
        "require_administrator", "require_usable", "require_no_duty", "require_own_password",
        "require_no_key",
    ),
    board_rules: ("permission_on", "require", "may_see_shares", "require_grantable"),
    image_rules: (
        "own_scope", "permission_on_image", "require_on_image", "may_take_away", "require_takeable",
    ),
    queue_rules: ("may_manage", "require_manager", "seen"),
    key_rules: ("within_scope", "counts"),
    session_rules: ("counts",),
    user_rules: ("require_changeable",),
    shelf_rules: (
        "may_see", "may_change", "require_sight", "require_change", "owner_on", "moved", "own_things",
    ),
    bin_rules: ("may_restore", "board_of_restored"),
    link_rules: ("is_unlocked",),  # when links work: tests/unit/test_board_links.py
}  # fmt: skip
"""The rules of the domain that say who may do what."""


@attrs.frozen
class Mutant:
    """One broken policy."""

    name: str
    broken: Callable[[], AbstractContextManager[object]]
    route: str | None = None  # the only one that it concerns
    code: CodeType | None = None  # what it changes: only rows that run it can notice
    line: int | None = None


def mutants(world: World) -> Iterator[Mutant]:
    """Yield every mutant."""
    yield from _scopes()
    yield from _marks(world)
    for module in SERVICES:
        for function in _functions(module):
            yield from _broken(function, _drop_checks)
    for module, names in RULES.items():
        for name in names:
            yield from _broken(getattr(module, name), _break_lines)


def _scopes() -> Iterator[Mutant]:
    """Break the table of what each route asks of a key."""
    for (method, path), scope in scopes.NEEDED.items():
        without = {key: value for key, value in scopes.NEEDED.items() if key != (method, path)}
        route = f"{method} {path}"
        yield Mutant(f"scope of {route}: none", _patched(scopes, "NEEDED", without), route)
        for other in set(Scope) - {scope}:
            changed = {**scopes.NEEDED, (method, path): other}
            yield Mutant(f"scope of {route}: {other}", _patched(scopes, "NEEDED", changed), route)
    yield Mutant("keys change credentials", _patched(scopes, "CREDENTIALS", "/nowhere"))


def _patched(module: ModuleType, name: str, value: Any) -> Callable[[], Any]:
    return lambda: mock.patch.object(module, name, value)


def _marks(world: World) -> Iterator[Mutant]:
    """Take marks off routes, and put them on where they do not belong."""
    for route in world.sites["multiuser"].web.edge.inner.routes:  # type: ignore[attr-defined]
        if not isinstance(route, HTTPRoute):
            continue
        for method in sorted(set(route.route_handler_map) - {"OPTIONS"}):
            path, name = route.path_format, f"{method} {route.path_format}"
            opt = route.route_handler_map[method][0].opt
            if "open" in opt or method not in {"GET", "HEAD"}:
                # On a closed route that reads, the mark alone opens nothing: the call checks again.
                yield Mutant(f"open mark of {name}", _toggled(world, method, path, "open"), name)
            if "open" not in opt:
                yield Mutant(f"media mark of {name}", _toggled(world, method, path, "media"), name)


def _toggled(world: World, method: str, path: str, mark: str) -> Callable[[], Any]:
    @contextmanager
    def toggled() -> Iterator[None]:
        opts = [
            route.route_handler_map[method][0].opt
            for site in world.sites.values()
            for route in site.web.edge.inner.routes  # type: ignore[attr-defined]
            if isinstance(route, HTTPRoute) and route.path_format == path
        ]
        for opt in {id(opt): opt for opt in opts}.values():
            if opt.pop(mark, None) is None:
                opt[mark] = True
        try:
            yield
        finally:
            for opt in {id(opt): opt for opt in opts}.values():
                if opt.pop(mark, None) is None:
                    opt[mark] = True

    return toggled


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for value in list(vars(module).values()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, FunctionType):
            yield value
        elif isinstance(value, type):
            for member in vars(value).values():
                # attrs writes some of its own into the class.
                if isinstance(member, FunctionType) and (
                    member.__code__.co_filename == module.__file__
                ):
                    yield member


Change = Callable[[ast.AST], Iterator[tuple[str, ast.AST]]]
"""Yields what else could stand in place of a node, with a word for each."""


def _broken(function: FunctionType, change: Change) -> Iterator[Mutant]:
    """Yield the function with one node changed, for each node and each change."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    aside = {id(part) for node in nodes if _only_writes_down(node) for part in ast.walk(node)}
    for number, node in enumerate(nodes):
        if id(node) in aside:
            continue
        for word, _ in change(node):
            fresh = ast.parse(source)
            place = list(ast.walk(fresh))[number]
            other = dict(change(place))[word]
            changed = ast.fix_missing_locations(_Replace(place, other).visit(fresh))
            name = f"{function.__module__.removeprefix('invoke_core.')}.{function.__qualname__}: {word}"
            line = function.__code__.co_firstlineno + getattr(node, "lineno", 1) - 1
            code = _compiled(function, changed)
            broken = _with_code(function, code)
            yield Mutant(name, broken, code=function.__code__, line=line)


def _only_writes_down(node: ast.AST) -> bool:
    """Return whether it is about what the audit log tells of administrators, which decides nothing."""
    match node:
        case ast.Call():
            told = {"acts_as_administrator", "others_images", "query_looks", "image_looks"}
            return _called(node) in told or "person" in {ast.unparse(each) for each in node.args}
    return False


class _Replace(ast.NodeTransformer):
    def __init__(self, place: ast.AST, other: ast.AST) -> None:
        self.place, self.other = place, other

    def visit(self, node: ast.AST) -> Any:
        return self.other if node is self.place else super().visit(node)


def _compiled(function: FunctionType, tree: ast.AST) -> CodeType:
    (definition,) = tree.body  # type: ignore[attr-defined]
    definition.decorator_list = []
    code = compile(tree, function.__code__.co_filename, "exec")
    return next(
        c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__
    )


def _with_code(function: FunctionType, code: CodeType) -> Callable[[], Any]:
    @contextmanager
    def swapped() -> Iterator[None]:
        kept = function.__code__
        function.__code__ = code
        try:
            yield
        finally:
            function.__code__ = kept

    return swapped


def _drop_checks(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Change what a service asks before it does something."""
    match node:
        case ast.Expr(value=ast.Call() as call) if _called(call) in REFUSALS:
            yield f"without {ast.unparse(call)}", ast.Pass()
        case ast.Assign(value=ast.Call() as call) if _called(call) == "require":
            yield f"{ast.unparse(call)} gives everything", _assigned(node, "Permission.OWNER")
        case ast.Call() if _called(node) in JUDGEMENTS:
            yield f"{ast.unparse(node)} is True", ast.Constant(True)
        case ast.Attribute(
            attr="is_admin",
            value=ast.Name(id="principal") | ast.Attribute(attr="principal"),
            ctx=ast.Load(),
        ):
            yield "everybody is an administrator", ast.Constant(True)
            yield "nobody is an administrator", ast.Constant(False)
        case ast.Attribute(
            attr="READ" | "WRITE" | "ADMIN" | "OWNER", value=ast.Name(id="Permission")
        ):
            for other in ("READ", "WRITE", "ADMIN", "OWNER"):
                if other != node.attr:
                    yield f"{node.attr} is {other}", ast.parse(f"Permission.{other}").body[0].value  # type: ignore[attr-defined]


def _assigned(node: ast.Assign, value: str) -> ast.AST:
    expression = ast.parse(value).body[0].value  # type: ignore[attr-defined]
    return ast.copy_location(ast.Assign(targets=node.targets, value=expression), node)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _break_lines(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Change a line of a rule."""
    match node:
        case ast.Raise():
            yield f"without {ast.unparse(node)[:60]}", ast.Pass()
        case ast.Expr(value=ast.Call() as call) if _called(call) in REFUSALS:
            yield f"without {ast.unparse(call)}", ast.Pass()
        case ast.BoolOp(op=op, values=values):
            for dropped in range(len(values)):
                kept = [value for number, value in enumerate(values) if number != dropped]
                rest = kept[0] if len(kept) == 1 else ast.BoolOp(op=op, values=kept)
                yield f"without {ast.unparse(values[dropped])}", rest
        case ast.Compare(ops=[op]):
            yield f"not {ast.unparse(node)}", ast.UnaryOp(op=ast.Not(), operand=node)
        case ast.IfExp(body=body, orelse=orelse):
            yield f"always {ast.unparse(body)}", body
            yield f"always {ast.unparse(orelse)}", orelse
