"""
Runs one command and reports what it used, as one line of JSON on standard error.

A process of its own, because Linux charges to a child the memory of the process that started it: a
program that holds 4 GB and starts `true` reads a peak of 4 GB for it (`exec` keeps the high-water
mark of the address space that it leaves). This one holds about 10 MB, the least it can report.
"""

import json
import os
import sys
import time


def main(command: list[str]) -> int:
    """Start the command with its standard error joined to its output, wait for it, and report."""
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 1, 2)]
    )
    _, status, usage = os.wait4(child, 0)
    report = {
        "wall_seconds": time.perf_counter() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_rss_bytes": usage.ru_maxrss * 1024,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(report), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
