"""One set of networks for all sessions of the app: loaded once, and every kernel forked from it.

    fork server: import the kit, load the networks ──fork──► kernel of session 1
                                                   └─fork──► kernel of session 2, ...

A forked process shares the memory of its parent until one of them writes to it, and nobody writes
to weights. A session costs what it computes, not what it loads, and begins without imports. Where
the system cannot fork (Windows), each kernel loads its own.

Source: `multiprocessing`'s fork server; jupyter_client's `LocalProvisioner`, whose process this is.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from multiprocessing import get_all_start_methods, get_context
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

CAN_FORK = "forkserver" in get_all_start_methods()
WARM = "deltaedit_kit.labs.app.warm"  # what the fork server imports before its first fork


def start_fork_server() -> None:
    """Let the fork server import and load now, so that the first session need not wait for it."""
    from multiprocessing import forkserver

    get_context("forkserver").set_forkserver_preload([WARM])
    forkserver.ensure_running()


def run_kernel(arguments: list[str], env: dict[str, str], folder: str) -> None:
    """An IPython kernel in this process, which has just been forked."""
    os.setsid()  # Ctrl-C in the terminal is for the server, which ends its kernels itself
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the fork server ignores it
    os.environ.update(env)
    os.chdir(folder)
    gc.freeze()  # a collection would write to every object, and so copy its page
    from ipykernel.kernelapp import IPKernelApp  # the server itself needs no kernel

    # The kernel ends itself when its parent does: after a crash of the server nothing stays.
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    IPKernelApp.launch_instance(argv=[*arguments, parent])


class ForkedProcess:
    """A kernel's process with the part of `subprocess.Popen` that jupyter_client calls."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], env: dict[str, str], folder: str) -> None:
        context = get_context("forkserver")
        self._process = context.Process(target=run_kernel, args=(arguments, env, folder))
        self._process.daemon = True
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """The exit code, when it has ended."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """A signal to the kernel alone."""
        if self._process.is_alive() and self.pid is not None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkedKernel(LocalProvisioner):
    """Starts a kernel as a fork of the process that holds the networks."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """As the parent class, but no new program is started; `cmd` ends with the arguments."""
        file = cmd.index("-f")
        folder = str(kwargs.get("cwd") or os.getcwd())
        env = {**(kwargs.get("env") or {}), "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = ForkedProcess(cmd[file:], env, folder)
        # Its group is still the fork server's at this moment: signals go to the process alone.
        self.pid, self.pgid, self.cwd = self.process.pid, None, folder
        return self.connection_info
