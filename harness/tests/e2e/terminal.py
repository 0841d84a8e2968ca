"""A command on a terminal of its own, and a conversation with it."""

import os
import pty
import select
import time

import tool


class Terminal:
    def __init__(self, argv, cwd):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve(argv[0], [str(word) for word in argv], tool.environment({"TERM": "dumb"}))
        self.text = ""
        self.at = 0  # what has been looked for and found ends here

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the last process has let go of the terminal
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def wait(self, words, answer=None):
        """Waits until the words have come, then types the answer."""
        deadline = time.monotonic() + 120
        while (found := self.text.find(words, self.at)) < 0:
            assert self._read(max(deadline - time.monotonic(), 0)), f"no {words!r}:\n{self.text}"
        self.at = found + len(words)
        if answer is not None:
            os.write(self.fd, answer.encode())

    def finish(self):
        """The exit status; `text` is all that came."""
        while self._read(120):
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
