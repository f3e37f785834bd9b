"""Schemathesis at the doors: every check it has, and chains of calls along the links of the OpenAPI document."""
