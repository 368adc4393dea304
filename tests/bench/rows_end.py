"""What is left to say when all is done, and what building costs."""
import os
import resource
import signal
import subprocess
import tempfile
import time

from machine import TREE, Failed
from rows import figure, row


def loaded(bench):
    """Every peer has been wanted by now, or nobody asked for it."""
    return [peer for peer in bench.peers.values() if peer]


@row("memory", "PSS of all processes after the rows before this one; a peer"
     " does only its part of the work")
def memory(bench):
    ours = bench.server.memory()
    yield [figure("all processes", "KiB", sum(ours.values()), peer.memory(),
                  peer.name) for peer in loaded(bench)] or \
        figure("all processes", "KiB", sum(ours.values()))
    for role, kib in sorted(ours.items()):
        yield figure(role, "KiB", kib)


def seconds_of(command, environment):
    """Real time and CPU."""
    def cpu():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    begin, before = time.monotonic(), cpu()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=TREE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment) as process:
        try:
            said = process.communicate()[0]
        except BaseException:
            # It ends its compilers; killed, it would leave them behind.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    if process.returncode:
        raise Failed("%s: %s" % (command[0], said.decode(
            "utf-8", "replace")[-300:]))
    return time.monotonic() - begin, cpu() - before


@row("build", "the release from nothing: meson and ninja, without a compiler"
     " cache; once", runs=1)
def build(bench):
    if bench.quick:
        return
    with tempfile.TemporaryDirectory(prefix="posthaste-build-") as folder:
        environment = dict(os.environ, CCACHE_DISABLE="1")
        setup = seconds_of(["meson", "setup", folder, "--buildtype",
                            "release", "-Doptimization=2"], environment)
        ninja = seconds_of(["ninja", "-C", folder, "posthaste"], environment)
    yield figure("real time", "s", setup[0] + ninja[0])
    yield figure("CPU time", "s", setup[1] + ninja[1])
