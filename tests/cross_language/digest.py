"""digest.py FOLDER THREADS: the digest of a workspace that took FOLDER in."""

import sys
import tempfile

import besunny

folder, threads = sys.argv[1], int(sys.argv[2])
with tempfile.TemporaryDirectory() as location, besunny.Workspace.open(location, threads=threads) as ws:
    ws.users.create("ana")
    ws.user("ana").mail.ingest_folder(folder)
    print(ws.digest())
