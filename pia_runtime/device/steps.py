"""Every step by its name in the journal, so that a later run can undo what an earlier one did."""

from collections.abc import Callable
from typing import Any

from pia_runtime.device.connection import Connection
from pia_runtime.device.planting import MockLocation, PlantPhoto, PlantRows
from pia_runtime.device.step_adb_root import AdbRoot
from pia_runtime.device.step_app import BatteryOptimisationOff, ClearData, InstallApp, RevokePermissions
from pia_runtime.device.step_ca_store import CaStore
from pia_runtime.device.step_emulator_packets import EmulatorPackets
from pia_runtime.device.step_frida_server import FridaServer
from pia_runtime.device.step_reverse import Reverse
from pia_runtime.device.step_screen_recording import ScreenRecording
from pia_runtime.device.step_screen_tree import ScreenTree
from pia_runtime.device.step_settings import GlobalProxy, Setting
from pia_runtime.device.step_udp_block import UdpBlock

Undo = Callable[[Connection, dict[str, Any]], str]

UNDO: dict[str, Undo] = {
    step.name: step.undo
    for step in (
        AdbRoot,
        FridaServer,
        CaStore,
        Reverse,
        GlobalProxy,
        Setting,
        UdpBlock,
        InstallApp,
        ClearData,
        RevokePermissions,
        BatteryOptimisationOff,
        ScreenTree,
        PlantRows,
        PlantPhoto,
        MockLocation,
        ScreenRecording,
        EmulatorPackets,
    )
}
"""How each is undone, from what was noted before it was done."""
