"""What the headers of a request may say, and whose request it is.

Anybody can write into X-Forwarded-For whatever they like. Every proxy on the way adds, at its end, the address that it
was reached from; so only the last ones count, as many as there are proxies that we know of.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network

from mmdemo.messages import Note
from mmdemo.server.asgi import Refusal, Scope

FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port",
             b"x-forwarded-prefix", b"x-forwarded-server", b"x-real-ip")  # fmt: skip
HOST = r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?"
PLAIN = {  # headers that Gradio takes apart, trusting that they are well made
    b"host": re.compile(HOST.encode()),
    b"x-forwarded-host": re.compile(f"{HOST}(?:, ?{HOST}){{0,4}}".encode()),
    b"x-forwarded-proto": re.compile(rb"https?(?:, ?https?){0,4}"),
    b"origin": re.compile(rf"null|[a-z][a-z0-9+.-]{{0,30}}://{HOST}".encode()),
    b"range": re.compile(rb"bytes= ?(?:\d{1,15}-\d{0,15}|-\d{1,15})(?:, ?(?:\d{1,15}-\d{0,15}|-\d{1,15})){0,4}"),
}
NETWORK = 64  # bits of an IPv6 address that a provider gives to one customer, who may write the others as they like


def check_headers(scope: Scope, hops: int | None, *, cross_site: bool) -> None:
    """Check a request's headers; without proxies, what says that there are some is taken out.

    Args:
        scope: the request.
        hops: how many proxies of ours stand before the server; None if there are some and nobody knows how many.
        cross_site: whether other sites' pages may have something done here.

    Raises:
        Refusal: 400 if a header is not well made, 403 for another site's page.
    """
    if hops == 0:
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in FORWARDED]
    seen: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if (rule := PLAIN.get(name)) and (not rule.fullmatch(value) or (name in seen and name != b"x-forwarded-host")):
            raise Refusal(400, Note("serve.request"))
        seen[name] = value
    if scope["method"] == "POST" and not cross_site:
        ours = {_name(seen.get(b"host", b"")), *map(_name, seen.get(b"x-forwarded-host", b"").split(b","))}
        ours.discard(b"")  # as the origin "null" has it
        other = b"origin" in seen and _name(seen[b"origin"].partition(b"://")[2]) not in ours
        if other or seen.get(b"sec-fetch-site") == b"cross-site":
            raise Refusal(403, Note("serve.elsewhere"))


def visitor(scope: Scope, hops: int | None) -> str:
    """Whose request it is: an address, or an IPv6 network, that no visitor can choose.

    With a number of proxies it is what the first of them wrote. Where their number is unknown, it is the last address
    that belongs to no private network: proxies within a platform have private ones. Where there is none, it is whoever
    has connected to us.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    if hops == 0:
        return _network(peer) or peer
    said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    chain = [_network(address) for address in said.split(",")]
    if hops:
        found = chain[-hops] if len(chain) >= hops else None
    else:
        found = None
        for address in reversed(chain):
            if address is None:  # whatever stands further left may have been written by anybody
                break
            if not ip_network(address).is_private:
                found = address
                break
    return found or _network(peer) or peer


def _name(host: bytes) -> bytes:
    """A host without its port, which some proxies leave out."""
    return re.sub(rb":\d+$", b"", host.strip()).lower()


def _network(said: str) -> str | None:
    """An address as one visitor has it, without its port; None if it is none."""
    said = said.strip()
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    with suppress(ValueError):
        address = ip_address(said)
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped:
                return str(address.ipv4_mapped)
            return str(ip_network((int(address), NETWORK), strict=False))
        return str(address)
    return None
