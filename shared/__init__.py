"""What the services share: what they say (contracts) and how they hear, keep, say and promise (platform)."""
