"""`python -m ccore` is `ccore`."""

from ccore.cli import main

if __name__ == "__main__":
    main()
