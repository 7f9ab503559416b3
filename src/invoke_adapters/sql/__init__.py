"""Everything kept in one SQLite file, or in PostgreSQL, through SQLAlchemy Core."""

from invoke_adapters.sql.database import SqlDatabase, open_database
from invoke_adapters.sql.migrate import HEAD, upgrade
from invoke_adapters.sql.progress import open_progress_store

__all__ = ["HEAD", "SqlDatabase", "open_database", "open_progress_store", "upgrade"]
