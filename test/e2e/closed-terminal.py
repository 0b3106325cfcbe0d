# Runs a program on a terminal of its own, and closes the terminal when its own stdin is closed. Prints the exit code.
import os
import pty
import select
import sys

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

while True:
    ready, _, _ = select.select([terminal, 0], [], [])
    if 0 in ready and not os.read(0, 4096):
        break
    if terminal in ready:
        os.write(1, os.read(terminal, 4096))

os.close(terminal)
print("ended:", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
