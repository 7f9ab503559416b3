"""Content of pictures in a local folder; the key and the head of the audit log."""

from invoke_adapters.files.audit import FileAuditHeads, stored_chain
from invoke_adapters.files.storage import FileImageStorage

__all__ = ["FileAuditHeads", "FileImageStorage", "stored_chain"]
