"""Imported by the fork server before it makes workers: reads the knowledge once, for all of them to share."""

import pia_runtime.campaign.work
from pia_runtime.campaign.fingerprint import program_digest
from pia_runtime.storage.analysis import load_toolbox

load_toolbox()
program_digest()

__all__ = ["pia_runtime"]
