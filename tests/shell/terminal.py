"""A program on a pseudo-terminal, driven as a person would: keys in, screen text out."""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

WAIT_SECONDS = 60
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r(?!\n)|\x07")


class Terminal:
    """Starts `command` in a session of its own on a terminal; with `with` it is ended at the end."""

    def __init__(self, command, environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.seen = ""      # everything so far, without escape sequences
        self.mark = 0       # what expect() has consumed
        self.cleared = False  # whether the screen was cleared

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.master)

    def type(self, text):
        os.write(self.master, text.encode())

    def interrupt(self):
        """Ctrl-C."""
        self.type("\x03")

    def _read(self, seconds):
        """Takes in what comes within a time; False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        text = self._decoder.decode(data)
        self.cleared = self.cleared or "\x1b[2J" in text
        self.seen = self.seen + ESCAPES.sub("", text).replace("\r\n", "\n")
        return bool(data)

    def is_open(self, seconds):
        """Whether the program still has the terminal after a time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self._read(0.1):
                return False
        return True

    def expect(self, pattern, seconds=WAIT_SECONDS):
        """Waits until `pattern` matches behind what earlier calls matched, and returns the match."""
        deadline = time.monotonic() + seconds
        alive = True
        while True:
            found = re.compile(pattern, re.MULTILINE).search(self.seen, self.mark)
            if found:
                self.mark = found.end()
                return found
            if not alive or time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} within {seconds} s in:\n{self.seen[self.mark:]}")
            alive = self._read(0.1)

    def expect_waiting(self, seconds=WAIT_SECONDS):
        """Waits until the program waits for a key: it has taken the terminal's lines over, and its first thread sleeps."""
        deadline = time.monotonic() + seconds
        while not self._waits():
            if time.monotonic() > deadline:
                raise AssertionError(f"the program does not wait for a key within {seconds} s")
            self._read(0.05)

    def _waits(self):
        takes_lines = termios.tcgetattr(self.master)[3] & termios.ICANON
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            state = stat.read().rsplit(")", 1)[1].split()[0]
        return not takes_lines and state == "S"

    def wait(self, seconds=WAIT_SECONDS):
        """Reads to the end and returns the exit status."""
        deadline = time.monotonic() + seconds
        while self._read(0.1) and time.monotonic() < deadline:
            pass
        return self.process.wait(max(1, deadline - time.monotonic()))
