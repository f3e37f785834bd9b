"""The whole pipeline on one seeded scheduler: real listeners, relays and timers against fakes that fail as told."""
