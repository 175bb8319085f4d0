"""A share that comes out exact: of n calls, `share * n` are chosen, rounded, for every n.

The error of each choice is carried to the next (error diffusion), so the chosen ones are spread
evenly, and 20 % is every fifth call and not five in a row. Counted in whole millionths: the
millionth call is chosen as exactly as the first.
"""

__all__ = ["Share"]

WHOLE = 1_000_000


class Share:
    def __init__(self, share: float) -> None:
        self.share = share
        self._step = round(share * WHOLE)
        self._carried = WHOLE // 2  # rounds: the first of two halves is chosen

    def take(self) -> bool:
        """Is the next one chosen?"""
        self._carried += self._step
        if self._carried < WHOLE:
            return False
        self._carried -= WHOLE
        return True
