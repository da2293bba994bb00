"""The reference for authors: a page for everything that they may name, made of the code and of compiled examples."""
