"""What OpenSSL says of a server's certificate, as what to do about it."""

from __future__ import annotations


def why_untrusted(said: str, *, ca_setting: str, address_setting: str) -> str:
    """The reason and the setting to look at. ``said``: OpenSSL's words, wherever they came through."""
    text = said.lower()
    if "expired" in text:
        return "the server's certificate has expired: have it renewed"
    if "not yet valid" in text:
        return "the server's certificate is not valid yet: check the clocks of both machines"
    if "mismatch" in text:
        return f"the server's certificate is for another host: check {address_setting}"
    return f"the server's certificate is of an authority that is not trusted: name its certificate in {ca_setting}"
