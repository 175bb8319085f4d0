"""`python -m ccore` is `ccore`."""

from ccore.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main(prog_name="ccore")
