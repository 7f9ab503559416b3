"""One file a subject; each handler parses, calls one service method, presents."""
