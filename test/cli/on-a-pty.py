"""Runs a program on a pseudo-terminal: what it prints goes to stdout, lines of stdin are JSON with the keys to type."""
import json, os, pty, select, signal, sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
asked = sys.stdin.fileno()
pending = b''
while True:
    ready, _, _ = select.select([terminal] + ([asked] if asked is not None else []), [], [])
    if terminal in ready:
        try:
            printed = os.read(terminal, 65536)
        except OSError:
            printed = b''
        if not printed:
            break
        sys.stdout.buffer.write(printed)
        sys.stdout.buffer.flush()
    if asked in ready:
        typed = os.read(asked, 65536)
        if not typed:
            # The terminal is closed, as by closing its window.
            os.kill(pid, signal.SIGHUP)
            asked = None
            continue
        pending += typed
        while b'\n' in pending:
            line, pending = pending.split(b'\n', 1)
            os.write(terminal, json.loads(line).encode())
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
