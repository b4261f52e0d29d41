"""Bytes to leaves: everything that can be reached inside a flow, with the written path that led there.

``decode_flow`` takes a flow apart, ``replay`` follows a path again, ``unwrap`` one step of it. The grammar of the steps
is in ``docs/decoding.md``. Nothing captured is ever executed, and no captured bytes make these functions raise.
"""

from pia_runtime.decoding.budget import Budget, Decoded
from pia_runtime.decoding.decode import decode_flow
from pia_runtime.decoding.entropy import describe_opaque
from pia_runtime.decoding.replay import Step, excerpt, replay, unwrap

__all__ = ["Budget", "Decoded", "Step", "decode_flow", "describe_opaque", "excerpt", "replay", "unwrap"]
