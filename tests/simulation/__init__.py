"""The simulation against theory, against a recorded day, and against itself."""
