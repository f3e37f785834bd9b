"""procurement: no contract expires unseen. Each is kept with the day by which procuring anew must start."""
