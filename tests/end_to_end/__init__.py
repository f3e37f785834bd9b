"""The whole of Kommunkontakt as its users see it: processes, topics, mails and doors."""
