"""What the columns of a city base are made of, and the two values that stand for nothing."""

from __future__ import annotations

import numpy as np

U8, U16, U32, I32, F32, I64 = np.uint8, np.uint16, np.uint32, np.int32, np.float32, np.int64

NO_SITE = np.uint32(0xFFFFFFFF)
STAFF_TEAM = np.uint16(
    0xFFFF
)  # the team of a site's staff where pupils or patients have teams of their own
