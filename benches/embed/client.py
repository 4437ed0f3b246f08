"""Talks to bench-embed, one process for each precision."""

import json
import pathlib
import subprocess

import numpy as np


def runtime_library():
    """The shared library inside the onnxruntime wheel of this interpreter."""
    import onnxruntime

    folder = pathlib.Path(onnxruntime.__file__).parent / "capi"
    return next(str(p) for p in sorted(folder.iterdir()) if p.name.startswith(("libonnxruntime.", "onnxruntime.dll")))


class Ours:
    def __init__(self, program, model, precision, threads=1):
        self.process = subprocess.Popen(
            [program, model, precision, str(threads), runtime_library()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def cpu(self):
        """CPU seconds of all threads so far (Linux)."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks) / 1e9

    def ask(self, texts, batch=0, vectors=False):
        request = {"texts": texts, "batch": batch, "vectors": vectors}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def vectors(self, texts, batch=0):
        """One row a text; rows compare bit by bit."""
        answer = self.ask(texts, batch, vectors=True)
        return np.stack([np.frombuffer(bytes.fromhex(v), "<f4") for v in answer["vectors"]])

    def close(self):
        self.process.stdin.close()
        self.process.wait()
