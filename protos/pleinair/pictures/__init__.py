"""Reads picture files, for training, the server and the scripts alike: ``reading.read_picture``.

What is read, told by a file's contents, not its name (a test stands for each row; the rest is refused with its reason):

=============  ====================================================================================================
PNG            1, 2, 4, 8 and 16 bits; grey, RGB, palette, alpha, transparent colour; of APNG the first frame
JPEG           8 bits; grey, RGB, CMYK; also as .jfif, .jpe and .mpo. Not 12 bits, not JPEG-LS
WebP, AVIF     RGB and alpha with 8 bits (AVIF of 10 and 12 bits is rounded to 8); of animations the first frame
GIF            palette, transparent colour; of animations the first frame
BMP, PPM       what Pillow reads: 1 to 8 bits; grey of 16 bits (.pgm), floating point (.pfm); 16-bit RGB as 8
HEIC, JPEG XL  with ``pip install 'pleinair[pictures]'``: 8 bits, grey JPEG XL also 16
TIFF           as the next table says, and BigTIFF, in both byte orders
=============  ====================================================================================================

===============  ==================================================================================================
samples          whole numbers of 1 to 16 and 32 bits, signed or not; half, single and double floating point
layout           strips or tiles, interleaved or planar, both orders of bits, predictors 1 to 3
compression      none, LZW, deflate, PackBits, LZMA, Zstandard; JPEG and fax (8 bits and less)
colours          grey, also with 0 as white; RGB; palette; YCbCr; CMYK; L*a*b* of 8 and 16 bits
transparency     ExtraSamples 1 (divided out again) and 2; samples that are neither colour nor this are left out
pages            the first; reduced images and masks are no pages
not              complex numbers, 64-bit whole numbers, ICC and ITU L*a*b*, mosaics; JPEG 2000, LERC and the like
===============  ==================================================================================================

Depth: up to 8 bits give uint8, more give uint16. Black is 0. White is 65535 in whole numbers of 16 and 32 bits (the
greatest number of 32 bits if values are above it), the greatest number in those of 9 to 15 bits, and 1 in floating
point (255 if values are above 1 on average). A ``levels.Scale`` names other values. What lies outside is cut off.

Colours: RGB and grey keep their values, and an RGB profile is carried along, unused; training and serving do this
alike, so that a filter is shown the numbers that it was trained on. CMYK becomes sRGB by its embedded profile,
without one by rule, L*a*b* by its definition. Orientation (EXIF's, TIFF's) is applied. What was converted or left out
is in ``Picture.notes``, what travels with the picture (profile, EXIF, XMP, resolution, PNG's gAMA, cHRM, sRGB and
cICP) in ``Picture.carried``.
"""
