"""What programs used, once they have ended."""

import os
import subprocess
import tempfile


def wait(process):
    """Until it has ended; what it used, and all that it waited for (resource.struct_rusage)."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used


def cpu(used):
    """Seconds of processor time."""
    return used.ru_utime + used.ru_stime


def run(argv, **settings):
    """Its exit status, all that it said, and what it used."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, **settings)
        used = wait(process)
        out.seek(0)
        return process.returncode, out.read(), used
