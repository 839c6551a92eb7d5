"""Which networks a GPU computes with kernels of ours: those of the kinds that these are for, where both ways agree."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import numpy as np
import onnxruntime

from server.engine.failure import NetworkFault
from server.engine.feed import Feed
from server.engine.fused.fused_network import FusedNetwork
from server.engine.fused.fusion import NotFused
from server.engine.fused.gpu_resources import GpuResources
from server.engine.fused.picture_layout import PictureLayout
from server.engine.network.network import Network
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.pixels import Tensor

# Two ways to compute agree when no value is further off: two of 255 levels from -1 to 1, for a picture of this size.
_AGREEMENT = 4 / 255
_AGREED_ON = (72, 96)

_log = logging.getLogger(__name__)


def fused_network(
    read: Callable[[], Network], feed: Feed, gpu_resources: GpuResources, session: onnxruntime.InferenceSession
) -> FusedNetwork | None:
    """The network that ``read`` gives, on the GPU of ``gpu_resources``; None, and the log says why, where that is not
    possible or not what ``session`` computes."""
    try:
        fused = FusedNetwork(read(), np.dtype(feed.precision.value).type, gpu_resources)
        difference = _difference(fused, feed, session)
    except (UnsupportedNetwork, NotFused, NetworkFault) as reason:
        _log.info("The GPU computes a filter with onnxruntime alone, for its %s.", reason)
        return None
    except Exception:
        _log.exception("The GPU computes a filter with onnxruntime alone.")
        return None
    if not difference <= _AGREEMENT:
        _log.warning("The GPU computes a filter with onnxruntime alone: else it is off by %.4f.", difference)
        return None
    return fused


def _difference(fused: FusedNetwork, feed: Feed, session: onnxruntime.InferenceSession) -> float:
    """The greatest difference between both ways' answers to a picture of noise."""
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 3, *_AGREED_ON)).astype(np.float32)
    picture = feed.normalise(noise)
    bands: list[Tensor] = []
    plan = fused.plan(*_AGREED_ON, sys.maxsize)
    assert plan is not None
    fused.run(lambda top, bottom: picture[:, :, top:bottom], bands.append, PictureLayout(*picture.shape[1:]), plan)
    (expected,) = session.run([feed.output], {feed.input: _turned(picture, feed).astype(feed.precision.value)})
    return float(np.abs(_turned(np.concatenate(bands, axis=2), feed) - expected.astype(np.float32)).max())


def _turned(picture: Tensor, feed: Feed) -> Tensor:
    """In the network's own order of axes."""
    return np.ascontiguousarray(picture.transpose(0, 2, 3, 1)) if feed.channels_last else picture
