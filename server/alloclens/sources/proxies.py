"""Chooses the proxy for a server from the environment or the system; none for this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.request import getproxies, proxy_bypass

from alloclens.sources.address import Address, authorization, parsed, without_secrets
from alloclens.sources.errors import CaptureError

if TYPE_CHECKING:
    from alloclens.sources.access import Header


class Proxy(NamedTuple):
    """An HTTP proxy."""

    address: Address
    headers: tuple[Header, ...]
    """Credentials for the proxy."""


def proxy_for(address: Address) -> Proxy | None:
    """Return the proxy according to http_proxy, https_proxy, all_proxy and no_proxy. Raises CaptureError."""
    if address.is_local or proxy_bypass(address.host) or proxy_bypass(address.authority):
        return None
    proxies = getproxies()
    name = next((name for name in (address.scheme, "all") if proxies.get(name)), "")
    if not name:
        return None
    url = proxies[name]
    proxy = parsed(url)
    if not proxy or proxy.scheme != "http":
        raise CaptureError(f"{name}_proxy names {without_secrets(url)}; alloclens supports only http:// proxies")
    credentials = authorization(url)
    return Proxy(proxy, (("Proxy-Authorization", credentials),) if credentials else ())
