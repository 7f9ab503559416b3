"""Everything kept in dictionaries: for tests, and for trying the library."""

from invoke_adapters.memory.audit import MemoryAuditHeads
from invoke_adapters.memory.database import MemoryDatabase
from invoke_adapters.memory.progress import MemoryProgressStore

__all__ = ["MemoryAuditHeads", "MemoryDatabase", "MemoryProgressStore"]
