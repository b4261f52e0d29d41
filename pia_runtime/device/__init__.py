"""Devices over adb: connection, root, preparation with a journal, what a device says of itself, and what is planted on it."""
