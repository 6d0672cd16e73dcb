"""One writer in each process: whatever is asked to be recorded meanwhile shares one commit."""

import logging
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from weakref import ref

from service.audit.chain import Appending, Result
from service.audit.checkpoints import EVERY, Checkpoint, due, export, keep
from service.audit.database import Database, StoreUnavailable
from service.audit.entry import Entry
from service.audit.expiry import drop_expired
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
        self._lock = threading.Lock()
        self._process: int | None = None
        self._threads: list[threading.Thread] = []
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._stopped = threading.Event()

    def record(self, *entries: Entry, wait_seconds: float = 30) -> list[Result]:
        """Where each entry stands, all on disk. Raises StoreUnavailable: then none was acknowledged.

        What was not begun by then is never recorded; what was may be, though nobody is told.
        """
        self.start()
        future: Future[list[Result]] = Future()
        self._queue.put((entries, future))
        try:
            return future.result(wait_seconds)
        except TimeoutError:
            future.cancel()
            raise StoreUnavailable("the store takes too long") from None

    def start(self) -> None:
        """The threads of this process, if they do not run: a fork takes none along."""
        if self._process == os.getpid() and all(thread.is_alive() for thread in self._threads):
            return
        with self._lock:
            if self._process != os.getpid():
                self._queue, self._threads = queue.SimpleQueue(), []
                self._process = os.getpid()
            running = {thread.name for thread in self._threads if thread.is_alive()}
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            for name, work in (("decision log", self._write), ("checkpoints", _look_again_and_again)):
                if name not in running:
                    given = () if work == self._write else (ref(self), self._stopped)
                    thread = threading.Thread(target=work, args=given, name=name, daemon=True)
                    thread.start()
                    self._threads.append(thread)

    def stop(self) -> None:
        """Ends the threads, once what waits is recorded. Nothing may be recorded any more."""
        self._stopped.set()
        self._queue.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    # -- recording -------------------------------------------------------------------------------

    def _write(self) -> None:
        while (waiting := self._together()) is not None:
            self._commit([each for each in waiting if each[1].set_running_or_notify_cancel()])

    def _together(self) -> list[Waiting] | None:
        """The next to come and all that wait behind it; None where nothing comes any more."""
        first = self._queue.get()
        if first is None:
            return None
        waiting = [first]
        while len(waiting) < MOST_TOGETHER:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            waiting.append(following)
        return waiting

    def _commit(self, waiting: list[Waiting]) -> None:
        entries = [entry for several, _ in waiting for entry in several]
        if not entries:
            return
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

    # -- what is due from time to time -----------------------------------------------------------

    def look(self) -> None:
        """Makes the checkpoints that are due, and drops what has expired. What fails is due again later."""
        for work in (self.make_checkpoints, lambda: drop_expired(self.database, self.now())):
            try:
                work()
            except Exception as error:
                LOG.warning("a checkpoint could not be kept, or what has expired not dropped: %s",
                            type(error).__name__)  # fmt: skip

    def make_checkpoints(self) -> list[Checkpoint]:
        """Signs the chains that are due; kept elsewhere first, so that none is only in the store.

        Raises StoreUnavailable, OSError.
        """
        with self.database.reading() as connection:
            made = due(connection, self.keyring, self.now())
        if made and self.checkpoints is not None:
            export(self.checkpoints, made)
        if made:
            with self.database.writing() as connection:
                for checkpoint in made:
                    keep(connection, checkpoint)
        return made


def _look_again_and_again(writer: "ref[Writer]", stopped: threading.Event) -> None:
    """In a thread of its own: where checkpoints are kept elsewhere may be slow, or away.

    It ends with the writer, which it does not keep alive.
    """
    while not stopped.wait(LOOK_SECONDS) and (present := writer()) is not None:
        present.look()
        del present
