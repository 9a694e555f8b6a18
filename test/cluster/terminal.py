"""A shell in a pseudo-terminal of its own: what is written to stdin is typed there, what it shows comes out of stdout."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

child, master = pty.fork()
if child == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 110, 0, 0))
typing = True
while True:
    ready, _, _ = select.select([master] + ([0] if typing else []), [], [])
    if 0 in ready:
        typed = os.read(0, 4096)
        typing = len(typed) > 0
        os.write(master, typed) if typing else os.kill(child, signal.SIGHUP)
    if master in ready:
        try:
            shown = os.read(master, 65536)
        except OSError:
            break
        if not shown:
            break
        sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()
os.waitpid(child, 0)
