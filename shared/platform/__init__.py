"""How we hear, keep, say and promise. No noun of the domain in here."""
