"""What a frame may have at most, for the compiled decoder and its twin."""

__all__ = ["MAX_BODY_BYTES", "MAX_HEAD_BYTES", "READ_BYTES"]

# Outer heads seen on a real switch stay below 200 bytes; 64 KiB is what a broken peer may cost us.
MAX_HEAD_BYTES = 64 * 1024
# `show channels as json` is 700 bytes a leg: room for 45,000 legs in one reply.
MAX_BODY_BYTES = 32 * 1024 * 1024
# What a connection is read with: ten events of a talking switch stay in the cache on their way from
# the kernel to the handler. A third more events a second than with 256 KiB.
READ_BYTES = 64 * 1024
