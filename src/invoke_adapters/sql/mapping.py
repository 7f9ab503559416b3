"""Rows become values and values rows: columns carry the names of a value's fields."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast

import attrs
import sqlalchemy as sa

from invoke_core.domain.pages import Page

T = TypeVar("T")

KEY = "key_"  # the bound parameter of the statements about one row


class Mapper(Generic[T]):
    """The statements of one table, built once: building one anew costs as much as running it."""

    def __init__(
        self, type: Callable[..., T], table: sa.Table, key: str, *, kept: bool = False
    ) -> None:
        """Map a class of attrs, whose fields are columns of the table, `key` among them.

        Args:
            type: the class.
            table: the table.
            key: the name of the column that tells rows apart.
            kept: see `HotQuery`.
        """
        self.type = type
        self.table = table
        fields: Any = attrs.fields_dict(cast(Any, type))
        self.names = list(fields)
        self.columns = [table.c[name] for name in self.names]
        self.key = table.c[key]
        has_key = self.key == sa.bindparam(KEY)
        self.select = sa.select(*self.columns)
        self.by_key = HotQuery(self.select.where(has_key), self.value, kept=kept)
        self.known = sa.select(self.key).where(has_key)
        self.insert = sa.insert(table)
        self.update = (
            sa.update(table)
            .where(has_key)
            .values({c.name: sa.bindparam(c.name, type_=c.type) for c in table.c if c.name != key})
        )
        self.delete = sa.delete(table).where(has_key)

    def row(self, value: T) -> dict[str, Any]:
        """Return the columns of a value."""
        return {name: getattr(value, name) for name in self.names}

    def value(self, row: Sequence[Any]) -> T:
        """Return the value of a row of `columns`."""
        return self.type(**dict(zip(self.names, row, strict=True)))

    def put(self, connection: sa.Connection, row: Mapping[str, Any]) -> int:
        """Replace the row of the key that the row has; return how many there were.

        SQLAlchemy sets every column that it is given a value for. The key is not among them: a database
        that is told to set it looks through everything that refers to it, a million images of an account.
        """
        name = self.key.name
        values = {column: value for column, value in row.items() if column != name}
        return connection.execute(self.update, {KEY: row[name], **values}).rowcount

    def find(self, connection: sa.Connection, key: Any) -> T | None:
        """Return the value of this key, or None."""
        return self.by_key.find(connection, key)

    def is_known(self, connection: sa.Connection, key: Any) -> bool:
        """Return whether there is a row of this key."""
        return connection.execute(self.known, {KEY: key}).first() is not None

    def find_all(self, connection: sa.Connection, keys: Sequence[Any]) -> list[T]:
        """Return the known values among these, in the order asked for, each once."""
        query = self.select.where(among(connection, self.key, keys))
        found = {getattr(v, self.key.name): v for v in map(self.value, connection.execute(query))}
        return [found[key] for key in dict.fromkeys(keys) if key in found]

    def all(self, connection: sa.Connection, query: sa.Select[Any]) -> list[T]:
        """Return the values of a query on `columns`."""
        return [self.value(row) for row in connection.execute(query)]


class HotQuery(Generic[T]):
    """A query of one row by `KEY` that every request asks.

    On SQLite it goes to the driver itself, for a fifth of what it costs through SQLAlchemy's layers;
    text and conversions are still SQLAlchemy's.
    """

    def __init__(
        self, query: sa.Select[Any], value: Callable[[Sequence[Any]], T], *, kept: bool = False
    ) -> None:
        """Make the query.

        Args:
            query: what is asked.
            value: makes a row of it a value.
            kept: whether readers keep what they found until somebody commits, see `Kept`; only for
                values that nobody can change.
        """
        self._query = query
        self._value = value
        self._kept = kept
        self._text = ""
        self._converters: list[tuple[int, Callable[[Any], Any]]] = []

    def find(self, connection: sa.Connection, key: Any) -> T | None:
        """Return the value of the key, or None."""
        if connection.dialect.name != "sqlite":
            row = connection.execute(self._query, {KEY: key}).first()
            return None if row is None else self._value(row)
        driver = _driver(connection)
        values = _kept(connection, driver) if self._kept else None
        if values is None:
            return self._ask(connection.dialect, driver, key)
        found: T | None = values.get((self, key))
        if found is None:
            found = self._ask(connection.dialect, driver, key)
            if found is not None:
                values[self, key] = found
        return found

    def _ask(self, dialect: sa.Dialect, driver: Any, key: Any) -> T | None:
        if not self._text:
            self._prepare(dialect)
        row = driver.execute(self._text, (key,)).fetchone()
        if row is None:
            return None
        values = list(row)
        for place, convert in self._converters:
            values[place] = convert(values[place])
        return self._value(values)

    def _prepare(self, dialect: sa.Dialect) -> None:
        # Before the text, which tells other threads that all is there.
        self._converters = _converters(self._query, dialect)
        self._text = str(self._query.compile(dialect=dialect))


class Prepared:
    """A query whose text is built once, with parameters by name.

    On SQLite it goes to the driver itself, as a `HotQuery` does: for long statements SQLAlchemy takes longer
    to find out that it knows them than the database takes to answer.
    """

    def __init__(self, query: sa.Select[Any], *, kept: bool = False) -> None:
        """Make the query.

        Args:
            query: what is asked; lists stand in it as `among_listed` has them.
            kept: whether readers keep the rows until somebody commits, see `Kept`; for few rows.
        """
        self._query = query
        self._kept = kept
        self._text = ""
        self._names: list[str] = []
        self._given: dict[str, Any] = {}
        self._binders: dict[str, Callable[[Any], Any]] = {}
        self._converters: list[tuple[int, Callable[[Any], Any]]] = []

    def rows(
        self, connection: sa.Connection, parameters: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        """Return every row; parameters that the query does not name are passed over."""
        if connection.dialect.name != "sqlite":
            known = {name: v for name, v in parameters.items() if name in self._named()}
            return connection.execute(self._query, known).all()
        if not self._text:
            self._prepare(connection.dialect)
        driver, values = _driver(connection), self._values(parameters)
        kept = _kept(connection, driver) if self._kept else None
        if kept is None:
            return self._ask(driver, values)
        key = (self, *values)
        if key not in kept:
            kept[key] = self._ask(driver, values)
        rows: Sequence[Sequence[Any]] = kept[key]
        return rows

    def _ask(self, driver: Any, values: list[Any]) -> Sequence[Sequence[Any]]:
        found: list[Sequence[Any]] = driver.execute(self._text, values).fetchall()
        if not self._converters or not found:
            return found
        columns: list[Any] = list(zip(*found, strict=True))
        for place, convert in self._converters:
            columns[place] = map(convert, columns[place])
        return list(zip(*columns, strict=True))

    def _values(self, parameters: Mapping[str, Any]) -> list[Any]:
        values = []
        for name in self._names:
            value = parameters[name] if name in parameters else self._given[name]
            bind = self._binders.get(name)
            values.append(value if bind is None else bind(value))
        return values

    def _named(self) -> frozenset[str]:
        if not self._names:
            self._names = list(self._query.compile().params)
        return frozenset(self._names)

    def _prepare(self, dialect: sa.Dialect) -> None:
        self._converters = _converters(self._query, dialect)
        compiled: Any = self._query.compile(dialect=dialect)
        self._names = list(compiled.positiontup)
        self._given = {n: b.value for n, b in compiled.binds.items() if not b.required}
        for name, bind in compiled.binds.items():
            bound = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bound is not None:
                self._binders[name] = bound
        self._text = str(compiled)  # last: it tells other threads that all is there


def _driver(connection: sa.Connection) -> Any:
    """Return SQLite's own connection, inside its transaction."""
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction:  # a reading unit, which begins with its first question
        driver.execute("BEGIN")
    return driver


def _kept(connection: sa.Connection, driver: Any) -> dict[Any, Any] | None:
    """Return what the connection keeps that is still true; None for one that keeps nothing."""
    kept: Kept | None = connection.connection.info.get(Kept)
    return None if kept is None else kept.present(driver)


_NOTHING = object()


class Change:
    """A statement that changes rows, whose text is built once, with parameters by name.

    On SQLite it goes to the driver itself, as a `Prepared` does.
    """

    def __init__(self, statement: sa.Insert | sa.Update | sa.Delete) -> None:
        """Make the statement; every column that it sets stands in it."""
        self._statement = statement
        self._text = ""
        self._binds: list[tuple[str, Callable[[Any], Any] | None]] = []
        self._given: dict[str, Any] = {}

    def run(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> int:
        """Change rows; return how many.

        Raises:
            sa.exc.IntegrityError: a key is taken, or points to nothing; or the driver's own one: see
                `errors.INTEGRITY`.
        """
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, parameters).rowcount
        driver: Any = connection.connection.dbapi_connection
        found: int = driver.execute(self._prepared(connection), self._values(parameters)).rowcount
        return found

    def run_all(self, connection: sa.Connection, each: Sequence[Mapping[str, Any]]) -> int:
        """Change rows once for each of many parameters; return how many."""
        if connection.dialect.name != "sqlite":
            return sum(self.run(connection, parameters) for parameters in each)
        driver: Any = connection.connection.dbapi_connection
        text = self._prepared(connection)
        found: int = driver.executemany(text, self._rows(each)).rowcount
        return found

    def _rows(self, each: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
        """Yield the parameters of many runs; what one has of the run before is converted once."""
        names = [name for name, _ in self._binds]
        binds = [bind for _, bind in self._binds]
        before: Sequence[Any] = [_NOTHING] * len(names)
        bound: list[Any] = list(before)
        for parameters in each:
            values = [parameters[name] for name in names]
            bound = [
                value if bind is None else was if value is known else bind(value)
                for value, bind, known, was in zip(values, binds, before, bound, strict=True)
            ]
            before = values
            yield bound

    def _values(self, parameters: Mapping[str, Any]) -> list[Any]:
        given = self._given
        found = [
            (parameters[name] if name in parameters else given[name], bind)
            for name, bind in self._binds
        ]
        return [value if bind is None else bind(value) for value, bind in found]

    def _prepared(self, connection: sa.Connection) -> str:
        if not self._text:
            dialect = connection.dialect
            compiled: Any = self._statement.compile(dialect=dialect)
            self._binds = [
                (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in compiled.positiontup
            ]
            self._given = {n: b.value for n, b in compiled.binds.items() if not b.required}
            self._text = str(compiled)  # last: it tells other threads that all is there
        return self._text


def _converters(
    query: sa.Select[Any], dialect: sa.Dialect
) -> list[tuple[int, Callable[[Any], Any]]]:
    """Return what makes the columns' values of the driver's, by place."""
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for place, column in enumerate(query.selected_columns):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            found.append((place, convert))
    return found


class Kept:
    """What one SQLite connection found that never writes, until anybody commits.

    `PRAGMA data_version` changes, for this connection, with every commit of any other, whatever process
    made it: SQLite forgets its own pages of the file by the same sign. Asked inside the transaction it
    speaks of that transaction's snapshot. So what is kept is as true as a query, for a tenth of its cost.
    """

    MOST = 512  # values; then it begins anew

    def __init__(self) -> None:
        """Begin with nothing."""
        self._version: int | None = None
        self._values: dict[Any, Any] = {}

    def present(self, driver: Any) -> dict[Any, Any]:
        """Return what is still true in the transaction that the driver is in; may be added to."""
        (version,) = driver.execute("PRAGMA data_version").fetchone()
        if version != self._version or len(self._values) >= self.MOST:
            self._values.clear()
            self._version = version
        return self._values


def page(
    connection: sa.Connection,
    query: sa.Select[Any],
    value: Callable[[Any], T],
    *,
    offset: int,
    limit: int | None,
    parameters: Mapping[str, Any] | None = None,
) -> Page[T]:
    """Return a stretch of an ordered query, its rows made values, and the number of all of them."""
    bound = dict(parameters or {})
    stretch = query if limit is None and not offset else query.offset(offset)
    if limit is not None:
        stretch = stretch.limit(limit)
    items = [value(row) for row in connection.execute(stretch, bound)]
    total = offset + len(items)
    is_last = (limit is None or len(items) < limit) and (items or not offset)
    if not is_last:  # else the unit's one snapshot has no more than these, and need not be asked
        counted = sa.select(sa.func.count()).select_from(query.order_by(None).subquery())
        total = connection.execute(counted, bound).scalar_one()
    return Page(items=items, offset=offset, limit=total if limit is None else limit, total=total)


def among(
    connection: sa.Connection, column: sa.ColumnElement[Any], values: Sequence[Any]
) -> sa.ColumnElement[bool]:
    """Return the condition that the column is one of many values: one parameter, however many."""
    return among_listed(connection.dialect.name, column, sa.literal(listed(values), sa.Text()))


def listed(values: Sequence[Any]) -> str:
    """Return many values as the one parameter of `among_listed`."""
    return json.dumps(list(values))


def among_listed(
    dialect: str, column: sa.ColumnElement[Any], values: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that the column is one of what `listed` returned."""
    if dialect == "sqlite":
        return column.in_(sa.select(sa.func.json_each(values).table_valued("value").c.value))
    words = sa.func.json_array_elements_text(sa.cast(values, sa.JSON())).table_valued("value")
    return column.in_(sa.select(sa.cast(words.c.value, column.type)))


def holds(
    connection: sa.Connection, column: sa.ColumnElement[str], part: str
) -> sa.ColumnElement[bool]:
    """Return the condition that the column has this part, every character taken as itself."""
    if connection.dialect.name == "sqlite":
        return sa.func.instr(column, part) > 0
    return sa.func.strpos(column, part) > 0


def upsert(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Keep the row, in place of the one with the same primary key."""
    connection.execute(_upsert(connection.dialect.name, table), row)


@cache  # as many as there are tables
def adding(dialect: str, table: sa.Table) -> sa.Insert:
    """Return the statement that adds to what is not of the key, from zero where there is no row."""
    insert = _insert(dialect, table)
    keys = list(table.primary_key.columns)
    summed = {c.name: c + insert.excluded[c.name] for c in table.c if not c.primary_key}
    return cast(sa.Insert, insert.on_conflict_do_update(index_elements=keys, set_=summed))


@cache  # as many as there are tables
def upserting(dialect: str, table: sa.Table) -> Change:
    """Return `upsert` as a statement whose text is built once; it is given every column."""
    return Change(upsert_of(dialect, table, {}))


def upsert_of(dialect: str, table: sa.Table, values: Mapping[str, Any]) -> sa.Insert:
    """Return `upsert` as a statement with a parameter for each column that is not among the values."""
    given = {c.name: sa.bindparam(c.name, type_=c.type) for c in table.c}
    return _with_update(_insert(dialect, table).values({**given, **values}), table)


@cache  # as many as there are tables
def _upsert(dialect: str, table: sa.Table) -> sa.Insert:
    return _with_update(_insert(dialect, table), table)


def _insert(dialect: str, table: sa.Table) -> Any:
    # Every dialect has an `insert` of its own for this; there is no common one.
    from sqlalchemy.dialects import postgresql, sqlite

    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def _with_update(insert: Any, table: sa.Table) -> sa.Insert:
    keys = list(table.primary_key.columns)
    others = {c.name: insert.excluded[c.name] for c in table.c if c not in keys}
    return cast(sa.Insert, insert.on_conflict_do_update(index_elements=keys, set_=others))
