"""How good a checkpoint is: accuracy, calibration, robustness, out-of-distribution inputs, faithfulness, speed."""
