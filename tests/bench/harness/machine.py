"""The machine: which cores serve and which ask, what is in the page cache, and a description for the results."""

import os
import pathlib
import platform
import subprocess

CORES = sorted(os.sched_getaffinity(0))
# Servers and clients get half of the cores each, so that neither takes from the other what is being measured.
PINNED = len(CORES) >= 4
SERVER_CORES = CORES[: len(CORES) // 2] if PINNED else CORES
CLIENT_CORES = CORES[len(CORES) // 2 :] if PINNED else CORES


def on(cores):
    """The prefix of a command that is to run on these cores, and to end with this program."""
    return ["setpriv", "--pdeathsig", "TERM", "--", "taskset", "-c", ",".join(map(str, cores))]


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def evict(folder):
    """Drops the large files below the folder from the page cache; false when some of them stayed."""
    cold = True
    for path in pathlib.Path(folder).rglob("*"):
        if not path.is_file() or path.is_symlink() or path.stat().st_size < 1 << 20:
            continue
        with open(path, "rb") as file:
            os.fdatasync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        resident = output_of("fincore", "--bytes", "--noheadings", "--output", "RES", str(path))
        cold = cold and resident != "" and int(resident) < path.stat().st_size // 100
    return cold


def first_field(path, name):
    with open(path, encoding="utf-8") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "unknown")


def package_version(name):
    return output_of("dpkg-query", "-W", "-f=${Version}", name) or "unknown"


def describe(shale, folder):
    """What a reader has to know to judge the figures, as (what, value)."""
    filesystem = output_of("findmnt", "-no", "FSTYPE,OPTIONS", "--target", str(folder)).split()
    flags = first_field("/proc/cpuinfo", "flags").split()
    pinning = f"servers on {len(SERVER_CORES)} of them, clients on the other {len(CLIENT_CORES)}"
    return [
        ("CPU", first_field("/proc/cpuinfo", "model name") + (", SHA-NI" if "sha_ni" in flags else ", no SHA-NI")),
        ("cores", f"{len(CORES)}: " + (pinning if PINNED else "servers and clients share them")),
        ("memory", f"{int(first_field('/proc/meminfo', 'MemTotal').split()[0]) / (1 << 20):.0f} GiB"),
        ("kernel", platform.release()),
        ("filesystem", " ".join(filesystem) or "unknown"),
        ("shale", output_of(shale, "version").splitlines()[0] + ", commit " + commit()),
        ("docker-registry", package_version("docker-registry")),
        ("nginx", package_version("nginx")),
        ("wrk", package_version("wrk")),
    ]


def commit():
    here = str(pathlib.Path(__file__).parent)
    changed = output_of("git", "-C", here, "status", "--porcelain", "--untracked-files=no")
    return output_of("git", "-C", here, "rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
