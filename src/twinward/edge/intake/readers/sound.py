"""Whether speech may be present in a recording: voiced sound with the rhythm of syllables. Nothing
is said of what was spoken, or by whom; the sound is kept nowhere.
"""

from __future__ import annotations

import io
import itertools
import wave

import numpy as np
from numpy.typing import NDArray

from twinward.edge.intake.claim import Part
from twinward.edge.intake.readers.limits import UnreadableError

FRAME_S, MOST_S = 0.03, 4 * 3600
PITCH = (70.0, 400.0)  # Hz of human voices
VOICED, LOUD = 0.5, 4.0
LEAST_S = 0.6
CHUNK_S = 60


def read_sound(data: bytes) -> tuple[list[Part], list[str]]:
    """A part that says from when to when speech may be; PCM WAVE only."""
    try:
        sound = wave.open(io.BytesIO(data))  # noqa: SIM115
        rate, width, channels = sound.getframerate(), sound.getsampwidth(), sound.getnchannels()
        total = sound.getnframes()
    except (wave.Error, EOFError) as error:
        raise UnreadableError("sound_format") from error
    if width not in (1, 2, 4) or not 4000 <= rate <= 192_000 or not 1 <= channels <= 32:
        raise UnreadableError("sound_format")
    if total / rate > MOST_S:
        raise UnreadableError("too_long")
    kind = {1: np.uint8, 2: np.int16, 4: np.int32}[width]
    size = max(int(rate * FRAME_S), 64)
    voiced: list[bool] = []
    for _ in range(int(total / rate / CHUNK_S) + 1):
        raw = sound.readframes(rate * CHUNK_S)
        samples = np.frombuffer(raw[: len(raw) // (width * channels) * width * channels], kind)
        mono = samples.reshape(-1, channels).mean(axis=1) - (128 if width == 1 else 0)
        frames = mono[: len(mono) // size * size].reshape(-1, size)
        voiced += [bool(one) for one in is_voiced(frames, rate)]
    spans = spans_of(voiced, size / rate)
    total_s = sum(end - start for start, end in spans)
    text = f"speech present: {total_s:.0f} s" if spans else ""
    return [Part(name="sound", text=text, how="speech", sure=0.6)], []


def is_voiced(frames: NDArray[np.float64], rate: int) -> NDArray[np.bool_]:
    """Frames that are louder than the quietest tenth and repeat at the pitch of a voice."""
    if not len(frames):
        return np.zeros(0, bool)
    plain = frames - frames.mean(axis=1, keepdims=True)
    power = (plain**2).mean(axis=1) + 1e-9
    loud = power > max(float(np.quantile(power, 0.1)) * LOUD, 1.0)
    spectrum = np.fft.rfft(plain, 2 * plain.shape[1], axis=1)
    auto = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)
    low, high = int(rate / PITCH[1]), min(int(rate / PITCH[0]), plain.shape[1] - 1)
    peak = auto[:, low:high].max(axis=1) / (auto[:, 0] + 1e-9)
    return np.asarray(loud & (peak > VOICED))


def spans_of(voiced: list[bool], step: float) -> list[tuple[float, float]]:
    """Stretches with voice that come and go as syllables do: a tone that never stops is none."""
    spans: list[tuple[float, float]] = []
    start = last = -1
    for at, one in enumerate([*voiced, *[False] * (int(0.5 / step) + 2)]):
        if one:
            start = at if start < 0 else start
            last = at
        elif start >= 0 and (at - last) * step > 0.5:
            stretch = voiced[start : last + 1]
            broken = sum(1 for a, b in itertools.pairwise(stretch) if a and not b)
            if len(stretch) * step >= LEAST_S and broken >= len(stretch) * step:
                spans.append((start * step, (last + 1) * step))
            start = -1
    return spans
