"""Bad lines between ccore and a switch: cut, stalled, doubled, garbled, at any byte."""
