"""Amounts of CPU, memory and GPU as the API counts them, and as people read them; agrees with quota/quantity.ts."""

from dataclasses import dataclass

_UNITS = (("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10))
_MILLI = 1000


@dataclass(frozen=True, slots=True)
class Amounts:
    """CPU and GPU in thousandths, memory in bytes; None is unlimited."""

    cpu_milli: int | None
    memory_bytes: int | None
    gpu_milli: int | None


def format_milli(milli: int) -> str:
    """`2`, or `1500m` where it is no whole number."""
    return str(milli // _MILLI) if milli % _MILLI == 0 else f"{milli}m"


def format_bytes(number: int) -> str:
    """Bytes in the largest binary unit that holds them exactly: `4Gi`, `1536Mi`, `1000`."""
    for unit, shift in _UNITS:
        if number != 0 and number % (1 << shift) == 0:
            return f"{number >> shift}{unit}"
    return str(number)
