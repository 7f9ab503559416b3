"""OpenID Connect: the code flow with PKCE, by Authlib and joserfc."""

from invoke_adapters.oidc.provider import OidcProvider

__all__ = ["OidcProvider"]
