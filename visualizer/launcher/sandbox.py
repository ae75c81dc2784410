"""Shuts a run in with bubblewrap (Linux): it sees its own folder, what it needs to compute, and nothing else."""
import glob
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/sys")
# Of /etc only what libraries look for: there are passwords and keys among the rest.
_ETC = (
    *("alternatives", "ca-certificates", "fonts", "group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf"),
    *("ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "OpenCL", "passwd", "pki", "protocols"),
    *("resolv.conf", "services", "ssl", "timezone", "vulkan"),
)
_DEVICES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/dxg")
_TMP_BYTES = 256 * 2**20  # of /tmp, in memory; TMPDIR is on the disk
_NAMESPACES = (
    *("--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    *("--unshare-cgroup-try", "--cap-drop", "ALL"),
)


@dataclass(frozen=True)
class Sandbox:
    """What a run may see beside its own folder.

    Attributes:
        cache: the folder of its user for caches and temporary files, writable; its HOME. Its parent must not
            be writable for scripts.
        readable: folders that the administrator lists, and the one on PYTHONPATH.
        hidden: folders that are covered where they lie in one that is shown: the instance folder.
        network: whether it reaches the network.
        shared_memory_bytes: of /dev/shm, which processes that load data use.
        hidden_devices: device files of graphics processors that it was not given.
    """

    cache: str
    readable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    network: bool = True
    shared_memory_bytes: int = 2 * 2**30
    hidden_devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShutIn:
    """How to start a command shut in.

    Attributes:
        command: bubblewrap and the command.
        environment: of bubblewrap itself, which is outside: it must hold nothing that a user wrote.
        inherited: the file descriptors that it needs.
    """

    command: list[str]
    environment: dict[str, str]
    inherited: tuple[int, ...]


@cache
def why_not() -> str:
    """Why runs cannot be shut in on this machine, as a sentence; empty where they can."""
    if sys.platform != "linux":
        return "Runs are not isolated: there is no sandbox for this operating system."
    if not shutil.which("bwrap"):
        return "Runs are not isolated: bubblewrap (the program bwrap) is not installed."
    command = ["bwrap", *_NAMESPACES, *_view(()), "--", "/bin/true"]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Runs are not isolated: bubblewrap does not work here ({error})."
    if tried.returncode:
        return f"Runs are not isolated: bubblewrap does not work here ({tried.stderr.strip()})."
    return ""


def shut_in(
    sandbox: Sandbox,
    folder: Path,
    command: list[str],
    environment: dict[str, str],
    processes: int | None = None,
) -> ShutIn:
    """How to run a command shut in.

    Args:
        sandbox: what it may see.
        folder: its own folder.
        command: the configured Python, the script and its arguments.
        environment: of the command. Bubblewrap hands it on without having it itself: `LD_PRELOAD`, which a
            user can set, would else run what it names outside.
        processes: how many it may have at the same time.
    """
    cache_folder = Path(sandbox.cache)
    temporary = cache_folder / "tmp"
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = {"HOME": sandbox.cache, "TMPDIR": str(temporary), "XDG_CACHE_HOME": sandbox.cache}
    inside = {**environment, **home, "KERAS_HOME": str(cache_folder / ".keras")}
    handed = _hand_over([word for name, value in inside.items() for word in ("--setenv", name, value)])
    bwrap = [shutil.which("bwrap") or "bwrap", "--args", str(handed)]
    bwrap += [*_NAMESPACES, *([] if sandbox.network else ["--unshare-net"])]
    bwrap += _folders(sandbox, folder, _python_folders(command[0]))
    bwrap += ["--chdir", str(folder), "--"]
    if processes is not None and (prlimit := shutil.which("prlimit", path="/usr/bin:/bin")):
        # Counted in the sandbox alone, threads included. Twice as many, so that the supervisor's watch sees who goes
        # past the limit, and ends it; root is held by the watch alone.
        bwrap += [prlimit, f"--nproc={2 * processes}"]
    return ShutIn(bwrap + command, {}, (handed,))


def _folders(sandbox: Sandbox, folder: Path, python_folders: list[str]) -> list[str]:
    """Arguments for all that it sees."""
    shown = [*python_folders, *_with_targets(sandbox.readable)]
    bwrap = _view(shown, sandbox.shared_memory_bytes, sandbox.hidden_devices)
    covered = [path for path in sandbox.hidden if any(Path(path).is_relative_to(other) for other in shown)]
    for path in covered:
        bwrap += ["--tmpfs", path]
    for path in _with_targets(sandbox.readable) if covered else ():
        if any(Path(path).is_relative_to(hidden) for hidden in covered):
            bwrap += ["--ro-bind-try", path, path]
    for path in (str(folder), sandbox.cache):
        bwrap += ["--bind", path, path]
    for path in (*covered, "/dev", "/"):
        bwrap += ["--remount-ro", path]
    return bwrap


def _hand_over(arguments: list[str]) -> int:
    """A file in memory with arguments for bubblewrap: other users of the machine can read command lines."""
    descriptor = os.memfd_create("arguments")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(b"".join(os.fsencode(argument) + b"\0" for argument in arguments))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _view(
    shown: tuple[str, ...] | list[str], shared_memory_bytes: int = 2**20, hidden_devices: tuple[str, ...] = ()
) -> list[str]:
    """Arguments for the file system: system, programs and devices, all to be read only."""
    arguments = []
    for path in _SYSTEM:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            arguments += ["--ro-bind", path, path]
    for name in _ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    devices = {path for pattern in _DEVICES for path in glob.glob(pattern)}
    for path in sorted(devices - set(hidden_devices)):
        arguments += ["--dev-bind-try", path, path]
    arguments += ["--size", str(shared_memory_bytes), "--tmpfs", "/dev/shm"]
    arguments += ["--size", str(_TMP_BYTES), "--tmpfs", "/tmp"]
    # Outer folders first: a later mount covers an earlier one below it.
    for path in sorted(set(shown)):
        if not any(Path(path).is_relative_to(system) for system in _SYSTEM):
            arguments += ["--ro-bind-try", path, path]
    return arguments


def _python_folders(python: str) -> list[str]:
    """The folders of a Python and of its virtual environment."""
    if python == sys.executable:
        own = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
        return sorted(path for path in own if path != "/")
    source = "import json, sys; print(json.dumps([sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]))"
    answer = subprocess.run([python, "-I", "-c", source], capture_output=True, text=True, timeout=30)
    if answer.returncode:
        raise OSError(f"the configured Python does not work ({answer.stderr.strip()[-200:]})")
    return sorted({path for path in json.loads(answer.stdout) if path != "/"})


def _with_targets(folders: tuple[str, ...]) -> list[str]:
    """Folders, and where the links that lie directly in them lead: the packages on PYTHONPATH are links."""
    found = []
    for folder in folders:
        found.append(folder)
        if os.path.isdir(folder):
            found += [os.path.realpath(entry.path) for entry in os.scandir(folder) if entry.is_symlink()]
    return found
