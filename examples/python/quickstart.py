"""The ten lines of the README, in Python: mail in, right project, found again."""

import tempfile

import besunny

MAIL = b"""\
From: Marta Nunes <marta@tideline.example>
Subject: Drone permit for the Alfama roofs
Message-ID: <permit-1@tideline.example>

The permit for flying over the Alfama roofs runs out on 14 March.
"""

with tempfile.TemporaryDirectory() as folder, besunny.Workspace.open(folder) as ws:
    ws.users.create("ana")
    me = ws.user("ana")
    shoot = me.projects.create("Lisbon shoot", keywords=["Alfama", "drone permit"])
    doc = me.mail.ingest(MAIL)
    assert doc.assignment.project_id == shoot.id
    print(f"{doc.title} -> Lisbon shoot: {doc.assignment.reason}")
    for hit in me.search("when does the drone permit run out", project=shoot.id):
        print(f"{hit.score:.3f} {hit.document.title}: {hit.snippet.text}")
