"""The typed intermediate representation: frozen dataclasses that targets read, and nothing else."""
