"""The four services. They are strangers: they meet only on Kafka."""
