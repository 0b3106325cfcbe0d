"""dbt, loaded before it is needed: imports dbt, waits for its arguments on descriptor 3, and is its launcher from then on.

python load-dbt.py FILE    the launcher's file: /venv/bin/dbt
python load-dbt.py dbt     the launcher on the PATH
python load-dbt.py -m      python -m dbt.cli.main

The arguments arrive as bytes, each with a NUL behind it, and one more at the end. Without that nobody needs it any more.
"""

import os
import re
import runpy
import shutil
import signal
import sys

CHANNEL = 3
LONGEST_LAUNCHER = 4096
MODULE = "dbt.cli.main"


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
    return True


def read_words():
    """The arguments as Python has them of a program that is started with them; None: whoever would send them is gone."""
    with os.fdopen(CHANNEL, "rb") as channel:
        data = channel.read()
    return [os.fsdecode(word) for word in data[:-1].split(b"\0")[:-1]] if data.endswith(b"\0") else None


def main(launcher):
    is_module = launcher == "-m"
    path = launcher if "/" in launcher or is_module else (shutil.which(launcher) or launcher)
    is_known = is_module or is_own_launcher(path)
    os.set_inheritable(CHANNEL, False)
    os.write(CHANNEL, b"1")

    # Stopped before it is dbt, it has nothing to say.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    is_loaded = is_known and load(os.getcwd() if is_module else os.path.dirname(os.path.realpath(path)))
    words = read_words()
    if words is None:
        os._exit(0)
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, before)

    if not is_loaded:
        if is_module:
            os.execv(sys.executable, [sys.executable, "-m", MODULE, *words])
        os.execv(path, [path, *words])
    sys.argv = [path, *words]
    if is_module:
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(path, run_name="__main__")


main(sys.argv[1])
