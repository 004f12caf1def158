"""Runs one program the way Python itself runs a script. Lives in the interpreter before any program does."""

import asyncio
import atexit
import builtins
import io
import json
import os
import random
import select
import sys
import time
import traceback
import types

FOLDER = "/program"

# Ways into the JavaScript around the interpreter, and into its memory.
HIDDEN = {"js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "_ctypes", "webbrowser"}


def close_doors():
    for name in list(sys.modules):
        if name.partition(".")[0] in HIDDEN or name == __name__:
            del sys.modules[name]
    # None says that there is no such module, without a frame of ours in the traceback.
    sys.modules.update(dict.fromkeys(HIDDEN))
    sys.meta_path[:] = [finder for finder in sys.meta_path if "pyodide" not in type(finder).__module__]
    sys.excepthook = sys.__excepthook__
    os.environ.clear()
    os.environ.update(HOME=FOLDER, LANG="C.UTF-8")


def uncover(folder):
    """The program's own files come before standard modules of the same name, also before those loaded ahead."""
    own = {name.partition(".")[0] for name in os.listdir(folder)}
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if name.partition(".")[0] in own and origin not in (None, "built-in", "frozen"):
            del sys.modules[name]


def sleep(seconds, /):
    """time.sleep. The engine's own would spin."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        waiter.poll(max(1, min(left * 1000, 60_000)))


waiter = select.poll()


class Selector:
    """There is nothing to wait for here but time."""

    def select(self, timeout=None):
        if timeout is None or timeout > 0:
            time.sleep(60 if timeout is None else timeout)
        return []

    def get_map(self):
        return {}

    def close(self):
        pass


class EventLoop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = Selector()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass


class Policy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = EventLoop


def open_streams():
    """As `python -u` has them: what is printed is out, also when the program is killed."""
    out = io.FileIO(1, "w", closefd=False)
    err = io.FileIO(2, "w", closefd=False)
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", write_through=True)
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")


def show(error):
    """The traceback from the program's first line on, with its paths as the person knows them."""
    if sys.excepthook is not sys.__excepthook__:
        sys.excepthook(type(error), error, error.__traceback__)
        return
    text = "".join(traceback.format_exception(error))
    sys.stderr.write(text.replace(f'File "{FOLDER}/', 'File "'))


def code_of(ending):
    if ending.code is None:
        return 0
    if isinstance(ending.code, int):
        return ending.code & 0xFF
    print(ending.code, file=sys.stderr)
    return 1


def execute(path, namespace):
    with open(path, "rb") as file:
        source = file.read()
    exec(compile(source, path, "exec", dont_inherit=True), namespace)


def run(entry, arguments):
    """Runs the file as `__main__` and returns its exit code, or -1 when an allocation failed and nobody caught it."""
    path = f"{FOLDER}/{entry}"
    close_doors()
    open_streams()
    time.sleep = sleep
    asyncio.run = asyncio.runners.run
    asyncio._set_running_loop(None)
    asyncio.events._set_event_loop_policy(Policy())
    random.seed()
    os.chdir(FOLDER)
    sys.argv = [entry, *json.loads(arguments)]
    sys.path[0] = os.path.dirname(path)
    uncover(sys.path[0])
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins
    sys.modules["__main__"] = main

    code = 0
    try:
        execute(path, main.__dict__)
    except SystemExit as ending:
        code = code_of(ending)
    except BaseException as error:
        code = -1 if isinstance(error, MemoryError) else 1
        # The first two frames are `run` and `execute`.
        error.__traceback__ = error.__traceback__.tb_next and error.__traceback__.tb_next.tb_next
        show(error)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    return code
