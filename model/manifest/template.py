"""
Pod templates as values that can be compared: defaults filled in, spelling differences removed.

Two templates are equal for a controller if the API server stores the same for both; only then no
rollout follows. `normalised` gives one form for whatever is stored the same.

:Go: pkg/apis/core/v1/defaults.go SetDefaults_PodSpec, SetDefaults_Container, SetDefaults_Volume,
    SetDefaults_Probe, SetDefaults_HTTPGetAction and those of the volume sources;
    pkg/apis/apps/v1/zz_generated.defaults.go; apiequality.Semantic.DeepEqual (empty is absent)
:Omits: defaults of volume types that were removed or migrated to CSI (RBD, ScaleIO, Azure, iSCSI),
    and of image volumes.
"""

import json
import re
from fractions import Fraction
from typing import Any

import attrs

from .schema import schema

__all__ = ["Container", "Pairs", "PodTemplate", "amount", "normalised", "pod_template"]

Pairs = tuple[tuple[str, str], ...]


@attrs.frozen
class Container:
    """A container's name and image."""

    name: str
    image: str


@attrs.frozen
class PodTemplate:
    """A pod template; `canonical` is all of it as JSON, equal where the API server's is."""

    labels: Pairs
    annotations: Pairs
    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...]
    restart_policy: str
    canonical: str = attrs.field(repr=False)


_MODE = {"defaultMode": 0o644}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    "PodSpec": {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    },
    "Container": {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "ContainerPort": {"protocol": "TCP"},
    "Probe": {
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    },
    "HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "GRPCAction": {"service": ""},
    "SecretVolumeSource": _MODE,
    "ConfigMapVolumeSource": _MODE,
    "DownwardAPIVolumeSource": _MODE,
    "ProjectedVolumeSource": _MODE,
    "ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "ObjectFieldSelector": {"apiVersion": "v1"},
    "HostPathVolumeSource": {"type": ""},
    "FileKeySelector": {"optional": False},
}


def pod_template(data: dict[str, Any]) -> PodTemplate:
    """The template that a decoded `spec.template` means."""
    whole = normalised(data, "PodTemplateSpec") or {}
    spec = whole.get("spec", {})
    metadata = whole.get("metadata", {})

    def containers(field: str) -> tuple[Container, ...]:
        return tuple(
            Container(each.get("name", ""), each.get("image", "")) for each in spec.get(field, ())
        )

    return PodTemplate(
        labels=tuple(sorted(metadata.get("labels", {}).items())),
        annotations=tuple(sorted(metadata.get("annotations", {}).items())),
        containers=containers("containers"),
        init_containers=containers("initContainers"),
        restart_policy=spec.get("restartPolicy", "Always"),
        canonical=json.dumps(whole, sort_keys=True, ensure_ascii=False),
    )


def normalised(value: Any, kind: str) -> Any:
    """
    A value of a type of the schema as it would be stored; None where nothing would be.

    >>> normalised({"containerPort": 80.0, "hostIP": ""}, "ContainerPort")
    {'containerPort': 80, 'protocol': 'TCP'}
    """
    kind = kind.removeprefix("*")
    if value is None:
        return None
    if kind.startswith("[]"):
        inner = kind.removeprefix("[]")
        # An item of a list stands even where it says nothing: `env: [{}]` has one.
        return [_or_empty(normalised(each, inner), each) for each in value] or None
    if kind.startswith("map:"):
        inner = kind.removeprefix("map:")
        items = {key: _or_empty(normalised(each, inner), each) for key, each in value.items()}
        return items or None
    if kind in schema():
        return _object(value, kind)
    if kind == "Quantity":
        return _quantity(str(value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _or_empty(found: Any, given: Any) -> Any:
    if found is None and isinstance(given, dict | list):
        return type(given)()
    return "" if found is None else found


def _object(value: dict[str, Any], kind: str) -> dict[str, Any]:
    fields = schema()[kind]
    stored: dict[str, Any] = {}
    for key, given in value.items():
        found = normalised(given, fields[key])
        # Without a pointer, Go cannot tell the zero value from a field that was not given.
        if found is None or (not fields[key].startswith("*") and found in ("", 0, {}, [])):
            continue
        stored[key] = found
    for key, default in _DEFAULTS.get(kind, {}).items():
        stored.setdefault(key, default)
    if kind == "Container":
        latest = _tag(stored.get("image", "")) == "latest"
        stored.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    if kind == "Volume" and not stored.keys() - {"name"}:
        stored["emptyDir"] = {}
    account = stored.get("serviceAccountName") or stored.get("serviceAccount")
    if kind == "PodSpec" and account:  # the second is an old name of the first
        stored["serviceAccountName"] = stored["serviceAccount"] = account
    return stored


# :Go: github.com/distribution/reference; a first part with a dot, a port or capitals is a host.
_HOST = r"[A-Za-z0-9]+(-+[A-Za-z0-9]+)*(\.[A-Za-z0-9]+(-+[A-Za-z0-9]+)*)*(:[0-9]+)?"
_COMPONENT = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"({_HOST}/)?{_COMPONENT}(/{_COMPONENT})*(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{,127}}))?"
    r"(?P<digest>@.+)?"
)
_LONGEST_IMAGE = 600


def _tag(image: str) -> str:
    """
    The tag that an image's name means; none where it is no name, which no node can pull.

    >>> _tag("registry:5000/web"), _tag("web:1.2"), _tag("web@sha256:00"), _tag("Web")
    ('latest', '1.2', '', '')
    """
    found = _IMAGE.fullmatch(image) if len(image) <= _LONGEST_IMAGE else None
    if found is None:
        return ""
    return found["tag"] or ("" if found["digest"] else "latest")


_NUMBER = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]{1,2})|([a-zA-Z]{1,2}))?")
_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{suffix: Fraction(1000 ** (n + 1)) for n, suffix in enumerate("kMGTPE")},
    **{f"{suffix}i": Fraction(1024 ** (n + 1)) for n, suffix in enumerate("KMGTPE")},
}


def amount(text: str) -> Fraction | None:
    """
    How much a quantity is; None where it is none, or one that nobody could have.

    >>> amount("1Ki"), amount("-500m"), amount("lots")
    (Fraction(1024, 1), Fraction(-1, 2), None)
    """
    match = _NUMBER.fullmatch(text)
    # Longer ones are nobody's; Python's integers would carry them, at a price.
    if match is None or len(text) > 40:
        return None
    digits, exponent, suffix = match.groups()
    return Fraction(digits + (exponent or "")) * _SUFFIXES.get(suffix or "", 1)


def _quantity(text: str) -> str:
    """
    One spelling for equal quantities; what is finer than a thousandth stays as it is.

    >>> _quantity("0.5"), _quantity("500m"), _quantity("1Ki"), _quantity("1024")
    ('500m', '500m', '1024', '1024')
    """
    number = amount(text)
    if number is None:
        return text
    thousandths = number * 1000
    if thousandths.denominator != 1:
        return text
    whole = thousandths.numerator
    return f"{whole}m" if whole % 1000 else str(whole // 1000)
