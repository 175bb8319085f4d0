"""The only room with sockets and greenlets: links, runner, writer, control socket, signals."""
