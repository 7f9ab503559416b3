"""Content of pictures in a local folder."""

from invoke_adapters.files.storage import FileImageStorage

__all__ = ["FileImageStorage"]
