"""
What a scalar of a manifest means to the API server.

Kubernetes turns YAML into JSON first, with the rules of YAML 1.1 as go-yaml has them: `yes` is a
boolean, `0777` is 511, `08` is the float 8 and `1:30` a string. A timestamp stays a string.

:Go: go.yaml.in/yaml/v2 v2.4.3, resolve.go resolve; sigs.k8s.io/yaml v1.6.0, YAMLToJSON
:Omits: integers of more than 64 bits become floats here; JSON carries them with all their digits,
    and every field that could hold one refuses both.
"""

import math
import re

__all__ = ["Scalar", "as_key", "resolved", "tagged", "with_yaml_escapes"]

Scalar = None | bool | int | float | str

_TRUE = "y Y yes Yes YES true True TRUE on On ON"
_FALSE = "n N no No NO false False FALSE off Off OFF"
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(_TRUE.split(), True),
    **dict.fromkeys(_FALSE.split(), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[bB](?P<b>[01]+)|0[xX](?P<x>[0-9a-fA-F]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>[1-9][0-9]*|0))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# No number of 64 bits has more digits, in whatever base; Python refuses to convert thousands.
_MOST_DIGITS = 64
# JSON's way to escape a character beyond 16 bits; an escaped backslash is matched to step over it
_SURROGATES = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_TAG = "tag:yaml.org,2002:"


def resolved(text: str) -> Scalar:
    """
    The value of a plain scalar without a tag.

    >>> [resolved(each) for each in ("yes", "0777", "08", "1_000", "1:30", "2001-01-01", "0x1F")]
    [True, 511, 8.0, 1000, '1:30', '2001-01-01', 31]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    found = _integer(plain)
    if found is not None:
        return found
    if _FLOAT.fullmatch(plain):
        number = float(plain)
        return number if math.isfinite(number) else text
    return text


def _integer(plain: str) -> int | None:
    match = _INTEGER.fullmatch(plain)
    if match is None:
        return None
    for name, base in (("b", 2), ("x", 16), ("o", 8), ("d", 10)):
        digits = match[name]
        if digits is not None and len(digits.lstrip("0")) <= _MOST_DIGITS:
            number = int(match["sign"] + digits, base)
            return number if -(2**63) <= number < 2**64 else None
    return None


def tagged(tag: str, text: str) -> Scalar:
    """
    The value of a scalar with an explicit tag.

    Raises ValueError where the tag is not one of JSON's types or the text is no value of it. No
    tag ever makes an object: `!!python/object` is as unknown as `!Ref`.
    """
    name = tag.removeprefix(_TAG)
    if name in ("!", "str", "timestamp"):
        return text
    value = resolved(text)
    kinds = {"null": type(None), "bool": bool, "int": int, "float": float}
    if tag == _TAG + name and name in kinds:
        if name == "float" and type(value) is int:
            return float(value)
        if type(value) is kinds[name]:
            return value
        raise ValueError("the tag and the value disagree; remove the tag")
    raise ValueError("only the types of JSON are read; write plain values without a tag")


def as_key(value: Scalar) -> str | None:
    """
    A mapping's key as the string that JSON asks for; None where there is none.

    :Go: sigs.k8s.io/yaml convertToJSONableObject
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return None if value is None else f"{value:g}"


def with_yaml_escapes(text: str) -> str:
    r"""
    JSON in which characters beyond 16 bits are escaped as YAML does it: once, with eight digits.

    >>> print(with_yaml_escapes(r'"\ud83d\udea2"'))
    "\U0001f6a2"
    """
    return _SURROGATES.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    code = 0x10000 + ((int(match[1], 16) - 0xD800) << 10) + (int(match[2], 16) - 0xDC00)
    return f"\\U{code:08x}"
