"""What callers and agents hear: texts, the files they are spoken into, numbers in words.

`phrases` is pure and tells which files to play; `speak` is the one file that runs a program.
"""

from ccore.prompts.phrases import files, position, wait

__all__ = ["files", "position", "wait"]
