"""Makes a picture of the crops that the networks will see, drawn as training would draw them."""

from __future__ import annotations

import itertools

import torch
from PIL import Image, ImageDraw, ImageFont

from training.data.batches import Crops, UnpairedBatches
from training.data.display import encode, to_image

WIDTH = 1120  # pixels that rows of crops may take
ROWS = 3
MOST_COLUMNS = 8
GAP = 8
CAPTION_HEIGHT, CAPTION_SIZE = 28, 15
PAPER, INK = "white", "black"


def contact_sheet(batches: UnpairedBatches) -> bytes:
    """Returns a PNG with the first crops of both domains, full size and mirrored as drawn, each domain captioned."""
    columns = min(MOST_COLUMNS, max(1, WIDTH // (batches.crop_size + GAP)))
    source, target = batches.draw(0, columns * ROWS)
    blocks = [
        _block(
            f"{domain}: {folder.path.name}, crops of {batches.crop_size} x {batches.crop_size} pixels", crops, columns
        )
        for domain, folder, crops in (("source", batches.source, source), ("target", batches.target, target))
    ]
    sheet = Image.new("RGB", (blocks[0].width, sum(block.height for block in blocks)), PAPER)
    tops = itertools.accumulate((block.height for block in blocks), initial=0)
    for block, top in zip(blocks, tops, strict=False):
        sheet.paste(block, (0, top))
    return encode(sheet, "PNG")


def _block(caption: str, crops: Crops, columns: int) -> Image.Image:
    pictures = crops.on(torch.device("cpu"))
    step = pictures.shape[3] + GAP
    rows = -(-len(pictures) // columns)
    block = Image.new("RGB", (columns * step + GAP, CAPTION_HEIGHT + rows * step + GAP), PAPER)
    ImageDraw.Draw(block).text((GAP, GAP), caption, INK, ImageFont.load_default(CAPTION_SIZE))
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        block.paste(to_image(picture[None]), (GAP + column * step, CAPTION_HEIGHT + GAP + row * step))
    return block
