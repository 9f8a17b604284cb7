"""Two hosts on one machine: network namespaces, joined by a cable of their own. It takes Linux and root.

Each has its own loopback, addresses and ports, and they reach each other over the cable alone. Files and memory are
those of the machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CABLE = "cable"  # the name of each host's end of it


@dataclass(frozen=True)
class Host:
    """A host.

    Attributes:
        name: of its network namespace.
        address: under which the other one reaches it.
    """

    name: str
    address: str

    def start(
        self, command: Sequence[str | Path], env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen:
        """Start a command on it; ``options`` are those of ``Popen``."""
        environment = {**os.environ, "GLOO_SOCKET_IFNAME": CABLE, **(env or {})}
        return subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, command)], env=environment, **options)

    def kill(self) -> None:
        """End everything on it at once, as if somebody had pulled its plug."""
        listed = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True)
        for pid in map(int, listed.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def why_not() -> str | None:
    """Why there can be no hosts here; None where there can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "two hosts on one machine take root"
    return None if shutil.which("ip") else "there is no ip command: apt install iproute2"


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Two hosts that reach each other, until the block ends; what still runs on them is ended then.

    Raises:
        OSError: the system gives no network namespaces.
    """
    names = [f"mmdemo-{os.getpid()}-{k}" for k in range(2)]
    hosts = tuple(Host(name, f"10.213.7.{k + 1}") for k, name in enumerate(names))
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip("link", "add", CABLE, "netns", names[0], "type", "veth", "peer", "name", CABLE, "netns", names[1])
        for host in hosts:
            _ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", CABLE)
            for device in ("lo", CABLE):
                _ip("-n", host.name, "link", "set", device, "up")
        yield hosts
    finally:
        for host in hosts:
            with suppress(OSError, subprocess.CalledProcessError):
                host.kill()
                _ip("netns", "delete", host.name)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
