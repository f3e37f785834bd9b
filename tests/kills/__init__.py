"""The kill test: intake is killed while clients register by HTTP, Kafka and mail. `make test-deep` runs it in full."""
