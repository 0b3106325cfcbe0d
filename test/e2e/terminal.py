# Runs a program on a terminal of its own and types a line of stdin whenever it has asked: `… [proposal] `.
import os
import pty
import re
import sys

answers = sys.stdin.read().split("\n")
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

seen = b""
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:  # Linux's word for the end
        break
    if not chunk:
        break
    os.write(1, chunk)
    seen += chunk
    # readline moves the cursor behind the question it has printed
    if answers and re.search(rb"\? (\[[^\]\n]*\] )?(\x1b\[\d+G)?$", seen):
        seen = b""
        line = answers.pop(0)
        os.write(terminal, line.encode() if line in ("\x03", "\x04") else line.encode() + b"\r")

sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
