"""Which addresses are the internet's, and which lie inside a network or only look as if they did not."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in disguise
_DISGUISES = tuple(
    IPv6Network(one)
    for one in (
        "::/96",  # IPv4-compatible, RFC 4291, 2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291, 2.5.5.2
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 of one's own, RFC 8215
        "2001::/32",  # Teredo, RFC 4380
        "2002::/16",  # 6to4, RFC 3056
    )
)
_NEVER = tuple(
    ip_network(one)
    for one in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890; a cloud's metadata are among them
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "168.63.129.16/32",  # a cloud's own services, reachable from its machines alone
        "100::/64",  # discard only, RFC 6666
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)
"""What is no part of the internet either and is not known as such to every Python that we run on."""


def in_the_open(address: str) -> bool:
    """Whether an address is one of the internet's: no loopback, link-local, private, shared or multicast one, in none of
    the disguises that IPv6 has for IPv4.
    """
    bare = plain(address)
    if isinstance(bare, IPv6Address) and (bare.sixtofour is not None or bare.teredo is not None):
        return False
    if any(bare.version == one.version and bare in one for one in _NEVER):
        return False
    return bare.is_global and not bare.is_multicast and not bare.is_reserved


def disguised(address: str) -> bool:
    """Whether it is an IPv6 address that stands for an IPv4 one, whatever that is."""
    found = ip_address(address.partition("%")[0])
    return isinstance(found, IPv6Address) and any(found in one for one in _DISGUISES)


def own(address: str) -> bool:
    """Whether it is one of this machine's: a socket can be bound to those alone (ip(7))."""
    bare = ip_address(address.partition("%")[0])
    family = socket.AF_INET6 if bare.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((str(bare), 0))
    except OSError:
        return False
    return True


def plain(address: str) -> IPv4Address | IPv6Address:
    """An address without its disguise."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
    return found
