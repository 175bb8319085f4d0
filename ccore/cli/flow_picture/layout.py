"""Cards in columns, left to right, so that arrows cross little and point forward.

Theory (the layered method): arrows that would close a circle are set aside; every card goes one
column right of the last card that leads to it; an arrow over several columns gets a small free
place in each column between; columns are sorted by where their arrows come from; then heights are
chosen so that arrows are as level as the room allows. The arrows set aside run back in lanes below.
"""

from dataclasses import dataclass, field

from ccore.cli.flow_picture.cards import Card, Exit

__all__ = ["Arrow", "Picture", "Placed", "lay_out"]

# Pixels.
GUTTER = 84  # between columns, where arrows bend
APART = 26  # between cards of a column
THROUGH = 12  # height kept free for an arrow that passes a column
MARGIN = 36
LANE = 18  # between the lanes of returning arrows

_SWEEPS = 12  # columns sorted, and heights settled, so many times; flows settle in four or five


@dataclass(slots=True)
class Placed:
    card: Card
    x: float
    y: float


@dataclass(slots=True)
class Arrow:
    exit: Exit
    points: list[tuple[float, float]]  # start, passages, end
    back: bool  # runs in a lane below


@dataclass(slots=True)
class Picture:
    width: float
    height: float
    placed: list[Placed]
    arrows: list[Arrow]


@dataclass(slots=True, eq=False)
class _Box:
    """A card, or the passage of one arrow through one column."""

    card: Card | None
    column: int
    height: float
    entrance: float
    y: float = 0.0
    before: list[tuple["_Box", float]] = field(default_factory=list)  # source, port height
    after: list[tuple[float, "_Box"]] = field(default_factory=list)  # own port height, target


def lay_out(cards: list[Card], top: float = MARGIN) -> Picture:
    by_key = {card.key: card for card in cards}
    forward, back = _split(cards, by_key)
    column = _columns(cards, forward)
    boxes = {card.key: _Box(card, column[card.key], card.height, card.entrance) for card in cards}
    columns: list[list[_Box]] = [[] for _ in range(max(column.values()) + 1)]
    for card in cards:
        columns[column[card.key]].append(boxes[card.key])
    ways: list[tuple[Card, Exit, list[_Box]]] = []
    for card, exit_ in forward:
        way = [boxes[card.key]]
        for number in range(column[card.key] + 1, column[exit_.to]):
            box = _Box(None, number, THROUGH, THROUGH / 2)
            columns[number].append(box)
            way.append(box)
        way.append(boxes[exit_.to])
        for one, other in zip(way, way[1:], strict=False):
            port = exit_.y if one.card else THROUGH / 2
            one.after.append((port, other))
            other.before.append((one, port))
        ways.append((card, exit_, way))
    _sort(columns)
    _settle(columns)
    return _picture(columns, boxes, ways, back, top)


def _split(
    cards: list[Card], by_key: dict[str, Card]
) -> tuple[list[tuple[Card, Exit]], list[tuple[Card, Exit]]]:
    """Arrows that lead on, and those that return to a card on the way that led to them."""
    forward: list[tuple[Card, Exit]] = []
    back: list[tuple[Card, Exit]] = []
    done: set[str] = set()
    for root in cards:
        if root.key in done:
            continue
        way = {root.key}
        open_ = [(root, iter(root.exits))]
        done.add(root.key)
        while open_:
            card, exits = open_[-1]
            exit_ = next(exits, None)
            if exit_ is None:
                way.discard(card.key)
                open_.pop()
                continue
            if exit_.to in way:
                back.append((card, exit_))
                continue
            forward.append((card, exit_))
            if exit_.to not in done:
                done.add(exit_.to)
                way.add(exit_.to)
                open_.append((by_key[exit_.to], iter(by_key[exit_.to].exits)))
    return forward, back


def _columns(cards: list[Card], forward: list[tuple[Card, Exit]]) -> dict[str, int]:
    """One right of the last that leads there."""
    targets: dict[str, list[str]] = {card.key: [] for card in cards}
    waiting = dict.fromkeys(targets, 0)
    for card, exit_ in forward:
        targets[card.key].append(exit_.to)
        waiting[exit_.to] += 1
    column = dict.fromkeys(targets, 0)
    ready = [key for key, count in waiting.items() if not count]
    while ready:
        key = ready.pop()
        for to in targets[key]:
            column[to] = max(column[to], column[key] + 1)
            waiting[to] -= 1
            if not waiting[to]:
                ready.append(to)
    return column


def _sort(columns: list[list[_Box]]) -> None:
    """Columns in the order of what their boxes hang on, from the left and from the right."""
    for sweep in range(_SWEEPS):
        _stack(columns)
        if sweep % 2 == 0:
            for boxes in columns[1:]:
                boxes.sort(key=_from_left)
                _stack([boxes])
        else:
            for boxes in reversed(columns[:-1]):
                boxes.sort(key=_from_right)
                _stack([boxes])
    for boxes in columns[1:]:  # the last word has the order of the exits
        boxes.sort(key=_from_left)
        _stack([boxes])


def _settle(columns: list[list[_Box]]) -> None:
    for sweep in range(_SWEEPS):
        for boxes in columns if sweep % 2 == 0 else reversed(columns):
            _level(boxes, [_wish(box, sweep % 2 == 0) for box in boxes])
    for boxes in columns:
        _level(boxes, [_wish(box, True) for box in boxes])


def _wish(box: _Box, from_left: bool) -> float:
    """The height at which a box's arrows would be level."""
    if from_left and box.before:
        levels = [one.y + port - box.entrance for one, port in box.before]
    elif not from_left and box.after:
        levels = [other.y + other.entrance - port for port, other in box.after]
    else:
        return box.y
    return sum(levels) / len(levels)


def _level(boxes: list[_Box], wishes: list[float]) -> None:
    """As near to the wishes as order and distance allow (pooled means, least squares)."""
    offset, offsets = 0.0, []
    for box in boxes:
        offsets.append(offset)
        offset += box.height + APART
    pools: list[tuple[float, int]] = []  # sum of wishes, boxes
    for wish, off in zip(wishes, offsets, strict=True):
        pools.append((wish - off, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1] = (pools[-1][0] + total, pools[-1][1] + count)
    index = 0
    for total, count in pools:
        for _ in range(count):
            boxes[index].y = total / count + offsets[index]
            index += 1


def _stack(columns: list[list[_Box]]) -> None:
    for boxes in columns:
        y = 0.0
        for box in boxes:
            box.y = y
            y += box.height + APART


def _from_left(box: _Box) -> float:
    levels = [one.y + port for one, port in box.before]
    return sum(levels) / len(levels) if levels else box.y


def _from_right(box: _Box) -> float:
    levels = [other.y + other.entrance for _, other in box.after]
    return sum(levels) / len(levels) if levels else box.y


def _picture(
    columns: list[list[_Box]],
    boxes: dict[str, _Box],
    ways: list[tuple[Card, Exit, list[_Box]]],
    back: list[tuple[Card, Exit]],
    top: float,
) -> Picture:
    every = [box for column in columns for box in column]
    shift = top - min(box.y for box in every)
    for box in every:
        box.y += shift
    widths = [max([b.card.width for b in column if b.card] or [0.0]) for column in columns]
    lefts, x = [], float(MARGIN)
    for wide in widths:
        lefts.append(x)
        x += wide + GUTTER
    arrows = []
    for card, exit_, way in ways:
        points = [(lefts[way[0].column] + card.width, way[0].y + exit_.y)]
        for box in way[1:-1]:
            y = box.y + box.entrance
            points += [(lefts[box.column], y), (lefts[box.column] + widths[box.column], y)]
        points.append((lefts[way[-1].column], way[-1].y + way[-1].entrance))
        arrows.append(Arrow(exit_, points, back=False))
    bottom = max(box.y + box.height for box in every)
    lanes: dict[str, float] = {}
    for number, (card, exit_) in enumerate(back):
        lane = lanes.setdefault(exit_.to, bottom + (len(lanes) + 1) * LANE + 6)
        source, target = boxes[card.key], boxes[exit_.to]
        start = (lefts[source.column] + card.width, source.y + exit_.y)
        # Each returning arrow goes down in a track of its own, near its card.
        down = lefts[source.column] + widths[source.column] + 14 + number % 4 * 8
        up = lefts[target.column] - 22
        end = (lefts[target.column], target.y + target.entrance)
        points = [start, (down, start[1]), (down, lane), (up, lane), (up, end[1]), end]
        arrows.append(Arrow(exit_, points, back=True))
    placed = [Placed(box.card, lefts[box.column], box.y) for box in every if box.card]
    width = lefts[-1] + widths[-1] + MARGIN + (40 if any(not b.card for b in columns[-1]) else 0)
    height = bottom + (len(lanes) + 1) * LANE + MARGIN / 2 if lanes else bottom + MARGIN
    return Picture(width, height, placed, arrows)
