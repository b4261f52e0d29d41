"""Devices, the Frida host, the hook plan, clock calibration and consent watching."""
