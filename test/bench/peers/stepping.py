"""What the Python peers share: the plan, and a conversation with the benchmark over stdin and stdout.

Each line on stdin asks for one measurement; the answer is a line of JSON. The end of stdin ends the peer.
"""
import json
import os
import resource
import sys
import time

# Libraries print as they like; the benchmark's own line goes out by itself.
answers = os.fdopen(os.dup(1), "w", buffering=1)
sys.stdout = sys.stderr

with open(sys.argv[1]) as file:
    plan = json.load(file)


# On a card PyTorch has the precision that people use there.
device = plan.get("device", "cpu")
dtype = "bfloat16" if device == "cuda" else "float32"


def wait():
    """Waits to be asked; ends the process where nobody will ask again."""
    if not sys.stdin.readline():
        sys.exit(0)


class Clock:
    """Seconds since it was made, by the wall and of the processor."""

    def __init__(self):
        self.begun = time.perf_counter(), time.process_time()

    def read(self):
        if device == "cuda":
            import torch
            torch.cuda.synchronize()
        return time.perf_counter() - self.begun[0], time.process_time() - self.begun[1]


def answer(clock):
    seconds, processor = clock.read()
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    answers.write(json.dumps({"ms": seconds * 1000, "cpuMs": processor * 1000, "peakBytes": peak}) + "\n")
