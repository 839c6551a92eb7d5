"""CUT, FastCUT and SinCUT (Park et al., ECCV 2020): one method with different options, which its presets hold."""
