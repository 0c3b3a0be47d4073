"""Where alerts go: the queue between the event loop and the outputs, and one module per kind of output."""
