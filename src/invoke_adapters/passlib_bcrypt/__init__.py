"""Password hashes by bcrypt, through passlib's interface."""

from invoke_adapters.passlib_bcrypt.hasher import PasslibBcryptHasher

__all__ = ["PasslibBcryptHasher"]
