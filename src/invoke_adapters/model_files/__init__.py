"""Models in local files and folders: safetensors alone, looked at without any library of models."""

from invoke_adapters.model_files.store import LocalModelFiles

__all__ = ["LocalModelFiles"]
