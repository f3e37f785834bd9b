"""The parts together, on real Kafka and MongoDB."""
