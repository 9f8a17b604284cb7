"""Manifests to a checkpoint: features, samples, targets, the loop, calibration."""
