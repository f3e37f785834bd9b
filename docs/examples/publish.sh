#!/bin/sh
# Publish a contact over HTTP and ask how it fares: INTAKE_URL=... TOKEN=... publish.sh ID
set -eu
answer=$(curl --silent --show-error --fail-with-body --retry 5 --include "$INTAKE_URL/intake/v1/1460/events" \
  --header "Authorization: Bearer $TOKEN" --header "Content-Type: application/json" \
  --header "ce-specversion: 1.0" --header "ce-id: $1" --header "ce-source: /e-services" \
  --header "ce-type: se.kommunkontakt.inbox.contact-received.v1" \
  --data @- <<CONTACT
{"reference": "form-$1", "channel": "web", "received_at": "2026-11-24T10:00:00+01:00",
 "wish": "Vi vill ha en uteservering i sommar."}
CONTACT
)
where=$(printf %s "$answer" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
for _ in 1 2 3 4 5 6 7 8 9 10; do
  fared=$(curl --silent --show-error --fail-with-body --header "Authorization: Bearer $TOKEN" "$INTAKE_URL$where")
  case $fared in *'"waiting"'*) sleep 1 ;; *) break ;; esac
done
echo "$fared"
