"""Reading and writing picture files with Pillow, which is imported when the first picture comes."""

from invoke_adapters.pillow.codec import PillowImageCodec
from invoke_adapters.pillow.process import ProcessImageCodec

__all__ = ["PillowImageCodec", "ProcessImageCodec"]
