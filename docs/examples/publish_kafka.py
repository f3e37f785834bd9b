"""Publish a contact on our own inbox topic: python publish_kafka.py ID (pip install confluent-kafka)."""

import json
import os
import sys

from confluent_kafka import Producer

NAME, PASSWORD = os.environ.get("PUBLISHER", "e-services"), os.environ.get("KAFKA_PASSWORD")
LOGIN = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": NAME, "sasl.password": PASSWORD}
SECURE = {"security.protocol": os.environ.get("KAFKA_PROTOCOL", "SASL_SSL"), **LOGIN} if PASSWORD else {}
CONTACT = {
    "reference": f"form-{sys.argv[1]}",
    "channel": "web",
    "received_at": "2026-11-24T10:00:00+01:00",
    "wish": "Vi vill ha en uteservering i sommar.",
    "company": {"organisation_number": "556016-0680", "name": "Bolaget AB"},
}
HEADERS = {
    "ce_specversion": "1.0",
    "ce_id": sys.argv[1],  # the same for the same contact, however often it is sent
    "ce_source": f"/{NAME}",
    "ce_type": "se.kommunkontakt.inbox.contact-received.v1",
    "content-type": "application/json",
}
kafka = Producer({"bootstrap.servers": os.environ["KAFKA_URL"], "enable.idempotence": True, **SECURE})
kafka.produce(f"inbox.{NAME}.v1", json.dumps(CONTACT), key="customer-17", headers=list(HEADERS.items()))
sys.exit(kafka.flush(30))  # 0: Kafka has it
