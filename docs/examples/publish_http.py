"""Publish a contact over HTTP and see how it fares: python publish_http.py ID (pip install httpx)."""

import os
import sys
import time

import httpx

CONTACT = {
    "reference": f"form-{sys.argv[1]}",
    "channel": "web",
    "received_at": "2026-11-24T10:00:00+01:00",
    "wish": "Vi vill ha en uteservering i sommar.",
}
EVENT = {
    "specversion": "1.0",
    "id": sys.argv[1],  # the same for the same contact, however often it is sent
    "source": "/e-services",
    "type": "se.kommunkontakt.inbox.contact-received.v1",
    "data": CONTACT,
}
intake = httpx.Client(base_url=os.environ["INTAKE_URL"], headers={"Authorization": f"Bearer {os.environ['TOKEN']}"})
sent = {"json": EVENT, "headers": {"Content-Type": "application/cloudevents+json"}}
while (answer := intake.post("/intake/v1/1460/events", **sent)).status_code in (429, 503):
    time.sleep(int(answer.headers["Retry-After"]))
answer.raise_for_status()  # 202: it is kept, and will be registered once
while (fared := intake.get(answer.headers["Location"]).json())["state"] == "waiting":
    time.sleep(0.2)
wrong = fared["rejection"]
sys.exit(f"{wrong['pointer']}: {wrong['reason_sv']}" if wrong else 0)
