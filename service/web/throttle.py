"""How much each may ask in any minute. Each process counts for itself, in its memory."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SECONDS = 60
MOST_KNOWN = 10_000
"""Whoever asks under more names than this only makes the counts begin anew."""


@dataclass(slots=True)
class _Spent:
    """What one has spent within the window: when and how much, the oldest first."""

    total: int = 0
    each: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def last(self) -> float:
        return self.each[-1][0] if self.each else -math.inf

    def forget(self, until: float) -> None:
        while self.each and self.each[0][0] <= until:
            self.total -= self.each.popleft()[1]


class Throttle:
    """A moving window: never more than `most` units within any minute."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Spent] = {}

    def spend(self, who: str, cost: int = 1) -> int:
        """0 where it could be spent; else nothing was, and in so many seconds it may be tried again."""
        now = self._clock()
        with self._lock:
            spent = self._known.get(who) or self._new(who, now)
            spent.forget(now - SECONDS)
            cost = min(cost, self.most)  # the dearest can be asked once in a while under any limit
            if not self.most or spent.total + cost > self.most:
                return math.ceil(spent.each[0][0] + SECONDS - now) if spent.each else SECONDS
            spent.total += cost
            spent.each.append((now, cost))
        return 0

    def _new(self, who: str, now: float) -> _Spent:
        if len(self._known) >= MOST_KNOWN:
            self._known = {name: one for name, one in self._known.items() if one.last > now - SECONDS}
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
        return self._known.setdefault(who, _Spent())
