"""One writer in each process: whatever is asked to be recorded meanwhile shares one commit."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

from service.audit.chain import Appending, Result
from service.audit.checkpoints import EVERY, Checkpoint, export, make_due
from service.audit.database import Database, StoreUnavailable
from service.audit.entry import Entry
from service.audit.keyring import Keyring

LOG = logging.getLogger(__name__)
MOST_TOGETHER = 256
LOOK_SECONDS = EVERY.total_seconds() / 10
"""How often it is looked whether a checkpoint is due."""
Clock = Callable[[], datetime]
Waiting = tuple[Sequence[Entry], "Future[list[Result]]"]


class Writer:
    """Records entries in the order they come, together where they come together."""

    def __init__(self, database: Database, keyring: Keyring, now: Clock, checkpoints: Path | None) -> None:
        """`checkpoints`: a file, best on another machine's disk, to which each is appended as well."""
        self.database = database
        self.keyring = keyring
        self.now = now
        self.checkpoints = checkpoints
        self._look_again = time.monotonic() + LOOK_SECONDS
        self._lock = threading.Lock()
        self._process: int | None = None
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()

    def record(self, *entries: Entry, wait_seconds: float = 30) -> list[Result]:
        """Where each entry stands, all on disk. Raises StoreUnavailable: then none was acknowledged."""
        self._start()
        future: Future[list[Result]] = Future()
        self._queue.put((entries, future))
        try:
            return future.result(wait_seconds)
        except TimeoutError:
            raise StoreUnavailable("the store takes too long") from None

    def _start(self) -> None:
        """The thread of this process: a fork takes none along."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._queue = queue.SimpleQueue()
                    threading.Thread(target=self._run, name="decision log", daemon=True).start()
                    self._process = os.getpid()

    def _run(self) -> None:
        """Between batches, and while nothing comes, checkpoints are made."""
        while True:
            waiting = self._together()
            if waiting:
                self._commit(waiting)
            self._look_for_due()

    def _together(self) -> list[Waiting]:
        """The next to come and all that wait behind it; nothing where nothing comes for long."""
        try:
            waiting = [self._queue.get(timeout=EVERY.total_seconds())]
        except queue.Empty:
            return []
        while len(waiting) < MOST_TOGETHER:
            try:
                waiting.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return waiting

    def _commit(self, waiting: list[Waiting]) -> None:
        entries = [entry for several, _ in waiting for entry in several]
        try:
            with self.database.writing() as connection:
                results = iter(Appending(connection, self.keyring).append(entries))
        except StoreUnavailable as error:
            for _, future in waiting:
                future.set_exception(error)
        except Exception as error:
            if len(waiting) == 1:
                waiting[0][1].set_exception(error)
            else:  # one of them is at fault; the others are not held up by it
                for alone in waiting:
                    self._commit([alone])
        else:
            for several, future in waiting:
                future.set_result([next(results) for _ in several])

    # -- checkpoints -----------------------------------------------------------------------------

    def make_checkpoints(self) -> list[Checkpoint]:
        """Signs the chains that are due, and keeps the statements elsewhere too. Raises StoreUnavailable."""
        with self.database.writing() as connection:
            made = make_due(connection, self.keyring, self.now())
        if self.checkpoints is not None:
            for checkpoint in made:
                export(self.checkpoints, checkpoint)
        return made

    def _look_for_due(self) -> None:
        """A few times in each interval. What fails is due again later; nothing waits for it."""
        if time.monotonic() < self._look_again:
            return
        self._look_again = time.monotonic() + LOOK_SECONDS
        try:
            self.make_checkpoints()
        except (StoreUnavailable, OSError) as error:
            LOG.warning("a checkpoint could not be made or kept: %s", type(error).__name__)
