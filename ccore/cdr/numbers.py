"""Callers' numbers as keyed hashes: repeat callers are still found, numbers are not kept.

The key is what makes the hash safe: without one, all numbers of a country are hashed in minutes.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path

from ccore.errors import DiskTrouble, reason

__all__ = ["HASH", "hash_number", "load_key"]

KEY_BYTES = 32
HASH_BYTES = 10  # 80 bits: no two of a billion callers collide in practice
HASH = re.compile(r"h[0-9a-f]{20}")


def hash_number(number: str, key: bytes) -> str:
    """The same number gives the same hash.

    Nothing, and a word such as "anonymous", give nothing: hashed, all who withhold their number
    would be one caller. What is a hash stays as it is: it may come from where it was hashed before.
    """
    if not any(char.isdigit() for char in number):
        return ""
    if HASH.fullmatch(number):
        return number
    text = number.encode("utf-8", "surrogateescape")
    return "h" + hashlib.blake2b(text, key=key, digest_size=HASH_BYTES).hexdigest()


def load_key(path: Path) -> bytes:
    """Read the key, or make one (mode 0600) where there is none."""
    try:
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            key = secrets.token_bytes(KEY_BYTES)
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(key)
    except OSError as error:
        raise DiskTrouble(path=path, why=reason(error)) from error
    if len(key) != KEY_BYTES:
        raise DiskTrouble(path=path, why=f"a key has {KEY_BYTES} bytes, this file {len(key)}")
    return key
