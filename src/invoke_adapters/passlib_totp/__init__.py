"""Codes of authenticator apps, by passlib."""

from invoke_adapters.passlib_totp.codes import PasslibOneTimeCodes
from invoke_adapters.passlib_totp.seal_file import SealFile

__all__ = ["PasslibOneTimeCodes", "SealFile"]
