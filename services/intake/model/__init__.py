"""What intake keeps, one noun a file: contacts, parties, series of numbers."""
