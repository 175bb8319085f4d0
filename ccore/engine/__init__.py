"""The parts of the routing engine; `ccore._router` puts them together."""
