"""What is done by the retention plan: seen beforehand, handed to the archive, and taken when its time has come."""
