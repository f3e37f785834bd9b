"""intake: every door in. A phone call, a visit, a mail, a form, another system's event becomes one contact, once."""
