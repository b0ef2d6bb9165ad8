"""Runs a command on a new terminal: terminal.py COLUMNS ROWS EXPECT KEYS [EXPECT KEYS ...] -- COMMAND ...

Each KEYS is sent when EXPECT was written since the keys before. KEYS is a Python literal without quotes,
or `signal TERM`. The last line is JSON: what was written, the exit code, and whether the modes of the
terminal are as they were.
"""
import ast, fcntl, json, os, select, signal, struct, sys, termios, time

columns, rows = int(sys.argv[1]), int(sys.argv[2])
split = sys.argv.index("--")
steps = [tuple(sys.argv[i : i + 2]) for i in range(3, split, 2)]

ours, theirs = os.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
before = termios.tcgetattr(theirs)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(theirs, stream)
    os.environ["TERM"] = "xterm-256color"
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])

written, since, code = b"", 0, None
deadline = time.monotonic() + 120
while time.monotonic() < deadline:
    readable, _, _ = select.select([ours], [], [], 0.05)
    if readable:
        written += os.read(ours, 65536)
    elif code is not None:
        break
    if steps and steps[0][0].encode() in written[since:]:
        keys = steps.pop(0)[1]
        since = len(written)
        if keys.startswith("signal "):
            os.kill(child, getattr(signal, "SIG" + keys[7:]))
        else:
            os.write(ours, ast.literal_eval("b'" + keys + "'"))
    if code is None:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
if code is None:
    os.kill(child, signal.SIGKILL)
print()
print(
    json.dumps(
        {
            "written": written.decode("utf-8", "replace"),
            "left": [step[0] for step in steps],
            "code": code,
            "restored": termios.tcgetattr(theirs) == before,
        }
    )
)
