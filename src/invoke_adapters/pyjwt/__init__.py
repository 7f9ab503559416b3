"""Signed tokens by PyJWT, and the keys that sign them."""

from invoke_adapters.pyjwt.codec import PyJwtCodec
from invoke_adapters.pyjwt.keys import KeyRing, configured_ring, stored_ring

__all__ = ["KeyRing", "PyJwtCodec", "configured_ring", "stored_ring"]
