"""notify: what companies and officers should know is written to them, once, in their language."""
