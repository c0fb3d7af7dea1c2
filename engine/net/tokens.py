"""Where the credential comes from. Until connections are built: the environment, never refreshed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.errors import NotConnected
from engine.net.transport import Credential


def from_environment(vendor: str, environ: Mapping[str, str]) -> Credential:
    """Read HABEAS_<VENDOR>_TOKEN, or the file HABEAS_<VENDOR>_TOKEN_FILE names. Raises NotConnected."""
    name = f"HABEAS_{vendor.upper()}_TOKEN"
    file = environ.get(f"{name}_FILE")
    if file:
        try:
            token = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            message = f"the file that {name}_FILE names cannot be read as text"
            raise NotConnected(message) from None
    else:
        token = environ.get(name, "").strip()
    if not token:
        message = f"there is no access token for {vendor}: put one into {name}, or its file's path into {name}_FILE"
        raise NotConnected(message)
    if not (token.isascii() and token.isprintable()) or " " in token:
        message = f"{name} holds blanks or control characters: that is no access token"
        raise NotConnected(message)
    return Credential((("Authorization", f"Bearer {token}"),))


class Fixed:
    """A credential that cannot be renewed."""

    async def refresh(self) -> bool:
        """There is nothing to refresh with."""
        return False
