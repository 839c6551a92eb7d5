"""Learns unpaired image-to-image translation and exports one-file filters. Imports neither grpc nor ``server``."""
