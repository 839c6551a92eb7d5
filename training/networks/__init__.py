"""The networks of CUT: generator, discriminator and projection head, built explicitly from their sizes."""
