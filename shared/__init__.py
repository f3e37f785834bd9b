"""What the services share: what they say to each other (contracts) and how they hear, keep, say and promise (platform)."""
