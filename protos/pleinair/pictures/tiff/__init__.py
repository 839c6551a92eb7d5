"""Reads TIFF files in full depth and with any number of samples, where Pillow knows a list of layouts of 8 bits.

Own code takes strips and tiles apart and gives samples their meaning; compressed bytes are unpacked by zlib, or by
Pillow's libtiff, and what is left (JPEG and fax compression, palettes, YCbCr) is read by Pillow as a whole.
"""
