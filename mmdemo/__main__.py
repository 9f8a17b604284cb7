"""Makes ``python -m mmdemo`` the same as the command ``mmdemo``."""

from mmdemo.cli import main

main()
