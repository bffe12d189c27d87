"""Numbers, durations and amounts of memory, as people write and read them."""

import re

__all__ = ["counted", "parse_bytes", "parse_seconds", "show_bytes", "show_seconds"]

_SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600}
_BYTES = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
_QUANTITY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]{0,3})")


def parse_seconds(text: str) -> float:
    """
    Seconds in `30`, `30s`, `1.5m`, `2h`. Raises ValueError, with what is allowed.

    >>> parse_seconds("30"), parse_seconds("5m")
    (30.0, 300.0)
    """
    found = _QUANTITY.fullmatch(text.strip())
    if found is None or found[2] not in _SECONDS or float(found[1]) == 0:
        raise ValueError(f"{text!r} is not a time above zero; write 30s, 5m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


def parse_bytes(text: str) -> int:
    """
    Bytes in `1000000`, `512MiB`, `4GB`. Raises ValueError, with what is allowed.

    >>> parse_bytes("512MiB"), parse_bytes("1.5kB")
    (536870912, 1500)
    """
    found = _QUANTITY.fullmatch(text.strip())
    if found is None or found[2].upper() not in _BYTES or float(found[1]) == 0:
        raise ValueError(f"{text!r} is not an amount of memory above zero; write 512MiB or 4GiB")
    return int(float(found[1]) * _BYTES[found[2].upper()])


def show_seconds(seconds: float) -> str:
    """
    A duration for people.

    >>> show_seconds(0.314), show_seconds(75), show_seconds(7300)
    ('0.31 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def show_bytes(count: int) -> str:
    """
    An amount of memory for people.

    >>> show_bytes(600), show_bytes(4430400)
    ('600 B', '4.2 MiB')
    """
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def counted(number: int, thing: str) -> str:
    """
    So many things in words.

    >>> counted(1, "step"), counted(2000, "distinct state")
    ('1 step', '2,000 distinct states')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
