"""The plug-in for Krita 5.2 and newer."""
