"""routing: every wish becomes a matter with one officer, and the choice explains itself."""
