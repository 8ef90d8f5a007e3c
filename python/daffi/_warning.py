"""Warnings that point at the line of the user's that caused them."""

import os
import sys
import warnings

_HERE = os.path.dirname(os.path.abspath(__file__))


def warn(text):
    """A RuntimeWarning at the first caller outside of this package."""
    frame, level = sys._getframe(1), 2
    while frame is not None and os.path.dirname(os.path.abspath(frame.f_code.co_filename)) == _HERE:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, RuntimeWarning, stacklevel=level)
