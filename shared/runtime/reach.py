"""A server that is not there as the settings say, told to a person in one line."""

import ssl
from collections.abc import Iterator

from shared.runtime.log import Hole
from shared.runtime.told import Told

LINE = 300
"""Characters that a log lets through of a text."""


class Unreachable(Told, ConnectionError):  # noqa: N818 - told to a person
    """A server cannot be spoken to: which setting leads there, and why not.

    It holds what the server or the network said, and never a password.
    """


def shown(error: BaseException) -> str:
    """Return what a log may say of an error: its class, and its text if that is ours."""
    name = type(error).__name__
    return f"{name}: {error}"[:LINE] if isinstance(error, Unreachable | Hole) else name


def told(error: BaseException) -> str:
    """Return what is at the bottom of an error, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def tls_refused(error: BaseException) -> str | None:
    """Return what is wrong with TLS or a certificate, if it is that."""
    for each in causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"the certificate is refused, {each.verify_message}"
        if isinstance(each, ssl.SSLError):
            why = (each.reason or type(each).__name__).replace("_", " ").lower()
            return f"no TLS can be spoken, {why}"
    return None


def is_of_us(error: BaseException) -> bool:
    """Say whether it is the other side that refuses our certificate, or lacks one."""
    found = (each.reason for each in causes(error) if isinstance(each, ssl.SSLError))
    return any("ALERT" in each and "CERTIFICATE" in each for each in found if each)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
