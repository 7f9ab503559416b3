"""The commands: one file a group; each parses, calls one service method, prints."""
