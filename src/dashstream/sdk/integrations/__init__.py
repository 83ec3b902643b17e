"""Observers of frameworks; each is imported only when it is used."""
