"""The texts that people get from notify, in Swedish and in English: pure, one module a language."""
