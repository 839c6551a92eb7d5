"""CUT, FastCUT and SinCUT (Park et al., ECCV 2020): one method by different options, which its presets hold."""
