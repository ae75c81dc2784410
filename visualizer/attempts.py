"""Counts failed attempts to log in, so that nobody can guess for long and nobody can lock others out.

Failures are counted for each pair of account and address, and for each address over all accounts. A browser in
which somebody has logged in before carries a signed cookie: it has a count of its own for that account and
passes the other two, so that a stranger's failures never keep it out. Where an account is tried from many
addresses, each of them gets one attempt only.
"""

import hashlib
import ipaddress
import time

from flask import Flask
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


class Attempts:
    """Failed attempts of the last minutes. Kept in the memory of the web server.

    Args:
        app: its settings say how many attempts are allowed in how many minutes.
    """

    def __init__(self, app: Flask):
        minutes = app.config["ATTEMPT_MINUTES"]
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._pair = RateLimitItemPerMinute(app.config["ATTEMPTS_PER_ACCOUNT"], minutes, "pair")
        self._one = RateLimitItemPerMinute(1, minutes, "one")
        self._account = RateLimitItemPerMinute(app.config["ATTEMPTS_FROM_EVERYWHERE"], minutes, "account")
        self._address = RateLimitItemPerMinute(app.config["ATTEMPTS_PER_ADDRESS"], minutes, "address")
        self._registration = RateLimitItemPerHour(app.config["REGISTRATIONS_PER_ADDRESS"], 1, "registration")

    def wait(self, account: str, address: str | None, device: str | None = None) -> int:
        """Seconds to wait before the next attempt; 0 where it is allowed now.

        Args:
            account: the name that is tried; there need not be such a user.
            address: where from.
            device: number of the browser, where it is known to belong to this account.
        """
        account, address = _key(account), network(address)
        if device and self._limiter.test(self._pair, account, device):
            return 0
        under_attack = not self._limiter.test(self._account, account)
        pair = self._one if under_attack else self._pair
        refused = [
            (limit, key)
            for limit, key in ((pair, (account, address)), (self._address, (address,)))
            if not self._limiter.test(limit, *key)
        ]
        return max((self._rest(limit, *key) for limit, key in refused), default=0)

    def failed(self, account: str, address: str | None, device: str | None = None) -> None:
        """Count a failure."""
        account, address = _key(account), network(address)
        if device and self._limiter.hit(self._pair, account, device):
            return
        self._limiter.hit(self._pair, account, address)
        self._limiter.hit(self._one, account, address)
        self._limiter.hit(self._account, account)
        self._limiter.hit(self._address, address)

    def succeeded(self, account: str, address: str | None, device: str | None = None) -> None:
        """Forget the failures of this pair. Those of the address stay: it may have guessed at others."""
        account, address = _key(account), network(address)
        for key in filter(None, (address, device)):
            self._limiter.clear(self._pair, account, key)
            self._limiter.clear(self._one, account, key)

    def is_news(self, account: str, address: str | None) -> bool:
        """Whether this refusal is the first of its minutes: a flood of them must not fill the audit log."""
        return self._limiter.hit(self._one, "refused", _key(account), network(address))

    def may_register(self, address: str | None) -> bool:
        """Whether one more user may be made from this address; counts it."""
        return self._limiter.hit(self._registration, network(address))

    def _rest(self, limit, *key: str) -> int:
        return max(1, round(self._limiter.get_window_stats(limit, *key).reset_time - time.time()))


def network(address: str | None) -> str:
    """The address by which somebody is counted: of IPv6 the first half, as the other half is free to choose."""
    address = address or ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return address if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


def _key(account: str) -> str:
    """A short key for whatever was typed as a name."""
    return hashlib.sha256(account.lower().encode()).hexdigest()[:32]
