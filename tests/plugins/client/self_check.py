"""Translates a picture with the plug-ins' client in whatever Python runs this: ``python self_check.py ADDRESS
FINGERPRINT``. Prints the names of the modules that it brought along."""

from __future__ import annotations

import sys
from pathlib import Path

FOREIGN = ("h2", "hpack", "hyperframe", "google", "grpc", "numpy")


class _Blocker:
    """Makes sure that nothing of other people's is found."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in FOREIGN:
            raise ModuleNotFoundError(name)


def main(address: str, fingerprint: str) -> None:
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _Blocker())
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent.parent))
    before = set(sys.modules)
    from plugins.client import Client, Endpoint
    from plugins.client.messages import Channels, PixelFormat, SampleType, TranslateHeader

    pixel_format = PixelFormat(channels=Channels.RGBA, sample_type=SampleType.UINT8)
    header = TranslateHeader(filter_id="inverting", width=300, height=200, pixel_format=pixel_format)
    endpoint = Endpoint(address, tls=True, fingerprint=fingerprint)
    with Client(endpoint) as client:
        assert client.health()
        assert "inverting" in [found.id for found in client.list_filters().filters]
        pixels = client.translate(header, b"\x00\x01\x02\xff" * 60000).pixels
    assert pixels == b"\xff\xfe\xfd\xff" * 60000
    names = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(*sorted(names - set(getattr(sys, "stdlib_module_names", names - {"plugins", *FOREIGN}))))


if __name__ == "__main__":
    main(*sys.argv[1:])
