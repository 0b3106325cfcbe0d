"""dbt, loaded once for several starts: imports dbt, and each start is a fork of it that becomes dbt's launcher.

python load-dbt.py FILE PAIRS ADAPTERS    the launcher's file: /venv/bin/dbt
python load-dbt.py dbt PAIRS ADAPTERS     the launcher on the PATH
python load-dbt.py -m PAIRS ADAPTERS      python -m dbt.cli.main

Descriptor 3 is a socket. A start comes as a line, "last BYTES", or "more BYTES" where another will follow, and then that
many bytes: its arguments, each with a NUL behind it. The answer is "started PID", and "ended CODE" when it has ended: its
exit code, or the number of a signal with a minus. Behind 3 come PAIRS pairs of descriptors: standard output and error of
each start, in their order. ADAPTERS: `postgres,redshift`, those that starts may want; empty: all that are installed. It
ends with 0 where dbt cannot be loaded so that it can be forked, and where nobody asks any more.
"""

import gc
import os
import re
import runpy
import select
import shutil
import signal
import socket
import sys
import time

CHANNEL = 3
LONGEST_LAUNCHER = 4096
MODULE = "dbt.cli.main"
# What else a start began may write so long after it: who asks ends that before.
DRAIN_SECONDS = 3


def is_own_launcher(path):
    """Whether this very Python is what the file starts dbt with."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            script = file.read(LONGEST_LAUNCHER)
    except OSError:
        return False
    interpreter = re.match(r"#![ \t]*(\S+)[ \t]*\n", script)
    if interpreter is None or re.search(r"^from dbt\.cli\.main import cli$", script, re.MULTILINE) is None:
        return False
    # Each environment has its own, and both lead to the same program.
    return os.path.dirname(interpreter.group(1)) == os.path.dirname(sys.executable)


def load(folder):
    """What the launcher would import, found where it would look. Whether that could be done. dbt.cli has all of MODULE."""
    own = os.path.dirname(os.path.realpath(__file__))
    # Absent with PYTHONSAFEPATH.
    if sys.path and sys.path[0] == own:
        sys.path[0] = folder
    try:
        import dbt.cli
        import dbt.task.build
    except Exception:
        return False
    # Else each fork would print it.
    sys.stdout.flush()
    return True


def is_alone():
    """Whether this process has one thread: of others a fork has only what they held. Elsewhere than on Linux nothing tells."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def load_adapters(wanted):
    """What a start would load later. Some begin threads: of a process with threads nothing may be forked."""
    import importlib
    import pkgutil

    try:
        from dbt import adapters
    except Exception:
        return
    for module in pkgutil.iter_modules(adapters.__path__):
        is_adapter = os.path.isfile(os.path.join(module.module_finder.path, module.name, "__version__.py"))
        if not is_adapter or (wanted and module.name not in wanted):
            continue
        try:
            importlib.import_module(f"dbt.adapters.{module.name}")
        except Exception:
            # Where it is the one that is wanted, dbt tells.
            pass


def freeze():
    """What is loaded stays: it is not looked through for what is free, and forks share its memory."""
    gc.collect()
    gc.freeze()


def read_frame(stream):
    """Whether another start will follow, and the bytes of the arguments; None: whoever would send them is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    kind, length = line.split()
    data = stream.read(int(length))
    return (kind == b"more", data) if len(data) == int(length) else None


def write_frame(descriptor, follows, data):
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(b"%s %d\n%s" % (b"more" if follows else b"last", len(data), data))
    except BrokenPipeError:
        # It has ended before it could begin, which is told as any end.
        pass


def tell(text):
    try:
        os.write(CHANNEL, text.encode() + b"\n")
    except BrokenPipeError:
        os._exit(0)


def become(launcher, words):
    """dbt, from its launcher on."""
    sys.argv = [launcher, *words]
    if launcher == "-m":
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(launcher, run_name="__main__")
    sys.exit()


def is_wrapped():
    """Whether a program such as uv stands between: it holds the descriptors too."""
    return os.getpgrp() != os.getpid()


class Loaded:
    """dbt is loaded: its launcher, the adapters, what SIGINT did before, and the pairs that are left."""

    def __init__(self, launcher, last, adapters, before):
        self.launcher, self.last, self.adapters, self.before = launcher, last, adapters, before
        self.left = list(range(CHANNEL + 1, last, 2))

    def prepare(self):
        """A fork that loads what else a start needs, waits for its arguments, and is that start; None: it cannot be made."""
        pair = self.left[0]
        try:
            read_end, write_end = os.pipe()
        except OSError:
            return None
        try:
            pid = os.fork()
        except OSError:
            os.close(read_end)
            os.close(write_end)
            return None
        if pid == 0:
            os.close(write_end)
            self.become_start(pair, read_end)
        self.left.pop(0)
        os.close(read_end)
        if not is_wrapped():
            os.close(pair)
            os.close(pair + 1)
        return pid, pair, write_end

    def become_start(self, pair, read_end):
        for stream in (1, 2):
            os.dup2(pair + stream - 1, stream)
        load_adapters(self.adapters)
        freeze()
        with os.fdopen(read_end, "rb") as stream:
            frame = read_frame(stream)
        if frame is None:
            os._exit(0)
        if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
            signal.signal(signal.SIGINT, self.before)
        os.setsid()
        tell(f"started {os.getpid()}")
        os.closerange(CHANNEL, self.last)
        become(self.launcher, [os.fsdecode(word) for word in frame[1].split(b"\0")[:-1]])

    def serve(self):
        """Begins what it is asked for, one after another, until nobody asks."""
        ready = self.prepare()
        with os.fdopen(CHANNEL, "rb", closefd=False) as channel:
            while True:
                frame = read_frame(channel)
                if frame is None:
                    return
                ready = ready or (self.prepare() if self.left else None)
                if ready is None:
                    return
                pid, pair, write_end = ready
                follows, data = frame
                write_frame(write_end, follows, data)
                ready = self.prepare() if follows and self.left else None
                status = await_end(pid)
                if status is None:
                    return
                tell(f"ended {-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)}")
                if is_wrapped():
                    end_outputs(pair, pid)


def await_end(pid):
    """How the process has ended; None: whoever asked for it is gone, and it goes on alone."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            # Nothing is sent before the end is told.
            if select.select([CHANNEL], [], [], 0)[0]:
                return None
            signal.sigtimedwait({signal.SIGCHLD}, 1)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def end_outputs(pair, group):
    """Ends them for whoever reads them, as soon as nothing of the start is left that writes."""
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until and is_group_alive(group):
        time.sleep(0.02)
    for descriptor in (pair, pair + 1):
        with socket.socket(fileno=descriptor) as stream:
            try:
                stream.shutdown(socket.SHUT_WR)
            except OSError:
                # It has been closed on the other side.
                pass


def is_group_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main(launcher, pairs, adapters):
    is_module = launcher == "-m"
    path = launcher if "/" in launcher or is_module else (shutil.which(launcher) or launcher)
    last = CHANNEL + 1 + 2 * pairs
    for descriptor in range(CHANNEL, last):
        os.set_inheritable(descriptor, False)

    # Stopped before it is dbt, it has nothing to say.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    is_known = is_module or is_own_launcher(path)
    if is_known and load(os.getcwd() if is_module else os.path.dirname(os.path.realpath(path))) and is_alone():
        freeze()
        # What dbt makes of a project stays as well: looking at it after each 700 objects takes a tenth of a start.
        gc.set_threshold(50_000, 20, 50)
        Loaded(path, last, adapters, before).serve()
    os._exit(0)


main(sys.argv[1], int(sys.argv[2]), [name for name in sys.argv[3].split(",") if name])
