"""Touches memory before a measurement, so that it measures the program rather than the machine.

A virtual machine's memory that its host has taken back, or never gave, costs the first program that touches it ten times what clearing
it costs afterwards: 2.3 seconds of CPU time a GiB rather than 0.2 on the machine of docs/benchmarks.md. Free pages are given out last
freed first, so what a child touches and frees is what the measured program gets.
"""
import mmap
import subprocess
import sys

PAGE_BYTES = 4096
PIECE_BYTES = 1 << 30
GIB_MAX = 10


def available_bytes():
    lines = dict(line.split(":", 1) for line in open("/proc/meminfo", encoding="ascii"))
    return int(lines["MemAvailable"].split()[0]) * 1024


def warm():
    """Touches up to 10 GiB, or two thirds of what the machine has left, in a process of its own."""
    pieces = min(GIB_MAX, available_bytes() * 2 // 3 // PIECE_BYTES)
    subprocess.run([sys.executable, __file__, str(pieces)], check=True)


def touch(pieces):
    kept = []
    for _ in range(pieces):
        piece = mmap.mmap(-1, PIECE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        piece.madvise(mmap.MADV_HUGEPAGE)
        piece[::PAGE_BYTES] = b"\1" * (PIECE_BYTES // PAGE_BYTES)
        kept.append(piece)


if __name__ == "__main__":
    touch(int(sys.argv[1]))
