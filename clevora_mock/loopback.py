"""Addresses, and host names of this machine."""

from ipaddress import ip_address


def is_loopback_host(name: str) -> bool:
    """Tell whether a host name, in lower case, or an address is of this machine alone."""
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name)


def is_loopback_address(text: str) -> bool:
    """Tell whether `text` is a loopback address, also of an IPv4 client on an IPv6 socket."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def is_ip_address(text: str) -> bool:
    """Tell whether `text` is an address, of whatever machine."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
