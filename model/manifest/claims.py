"""
The templates of claims in a StatefulSet: a claim, and so a volume, for each of its pods.

:Go: kubernetes v1.36.3, pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec;
    pkg/apis/core/v1/defaults.go SetDefaults_PersistentVolumeClaimSpec;
    pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaimSpec
:Docs: https://kubernetes.io/docs/concepts/storage/persistent-volumes/
:Omits: rules about data sources; metadata of a template apart from its name, which the API server
    does not look at before a claim is made of it.
"""

import json
from typing import Any

import attrs

from .errors import Path
from .names import dns_label, dns_subdomain
from .reading import Reading
from .selector import read_selector
from .template import amount, normalised

__all__ = ["ClaimTemplate", "read_claim_templates"]

_TEMPLATES = ("spec", "volumeClaimTemplates")
_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES = ("Block", "Filesystem")


@attrs.frozen
class ClaimTemplate:
    """
    A claim that each pod gets one of; `storage` is what it asks for, in bytes.

    `canonical` is all of it as JSON, equal where the API server's is.
    """

    name: str
    access_modes: tuple[str, ...]
    storage: str
    storage_class_name: str | None
    canonical: str = attrs.field(repr=False)

    def document(self) -> dict[str, Any]:
        """The template as data that a manifest could hold."""
        found: dict[str, Any] = json.loads(self.canonical)
        return found


def read_claim_templates(reading: Reading) -> tuple[ClaimTemplate, ...]:
    """The templates in the order written, with whatever is wrong about them noted."""
    first: dict[str, int] = {}
    found = []
    for index, data in enumerate(reading.get(*_TEMPLATES, default=[])):
        path = (*_TEMPLATES, index)
        name = _name(reading, path, first, index)
        _check_spec(reading, (*path, "spec"))
        found.append(_template(data, name))
    return tuple(found)


def _template(data: dict[str, Any], name: str) -> ClaimTemplate:
    # The API server writes the first two anew, and a template has no status.
    bare = {key: each for key, each in data.items() if key not in ("apiVersion", "kind", "status")}
    whole = normalised({"spec": {}, **bare}, "PersistentVolumeClaim")
    spec = whole["spec"]
    return ClaimTemplate(
        name=name,
        access_modes=tuple(spec.get("accessModes", ())),
        storage=spec.get("resources", {}).get("requests", {}).get("storage", ""),
        storage_class_name=spec.get("storageClassName"),
        canonical=json.dumps(whole, sort_keys=True, ensure_ascii=False),
    )


def _name(reading: Reading, path: Path, first: dict[str, int], index: int) -> str:
    """The name, which becomes that of a volume of the pod. :Go: volumesToAddForTemplates"""
    where = (*path, "metadata", "name")
    name = str(reading.get(*where, default=""))
    if not name:
        reading.refuse(where, "no name; write one for each claim template")
        return name
    reading.refuse_value(where, name, dns_label(name))
    if name in first:
        # :Go: pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaims
        reading.warn(
            where,
            f"spec.volumeClaimTemplates[{first[name]}] has the same name and is ignored: pods get"
            " one claim of each name, of the last template",
        )
    first[name] = index
    return name


def _check_spec(reading: Reading, path: Path) -> None:
    modes = reading.get(*path, "accessModes", default=[])
    if not modes:
        says = f"no access mode; write at least one of {', '.join(_MODES)}"
        reading.refuse((*path, "accessModes"), says)
    for index, mode in enumerate(modes):
        if mode not in _MODES:
            says = f"is no access mode; write one of {', '.join(_MODES)}"
            reading.refuse_value((*path, "accessModes", index), mode, says)
    if "ReadWriteOncePod" in modes and set(modes) & {*_MODES} != {"ReadWriteOncePod"}:
        says = "ReadWriteOncePod stands beside another mode; it has to be alone"
        reading.refuse((*path, "accessModes"), says)
    _check_storage(reading, (*path, "resources", "requests", "[storage]"))
    class_name = reading.get(*path, "storageClassName", default="")
    if class_name:
        where = (*path, "storageClassName")
        reading.refuse_value(where, class_name, dns_subdomain(class_name))
    where = (*path, "volumeMode")
    reading.one_of(where, _VOLUME_MODES, "Filesystem", "volume mode", pointer=True)
    if reading.get(*path, "selector") is not None:
        read_selector(reading, (*path, "selector"))


def _check_storage(reading: Reading, path: Path) -> None:
    value = reading.get(*path[:-1], "storage")
    if value is None:
        reading.refuse(path, "no storage; write how much a claim asks for, such as 10Gi")
        return
    size = amount(str(value))
    if size is not None and size <= 0:
        reading.refuse_value(path, value, "is not above 0; write how much a claim asks for")
    elif size is not None and size.denominator != 1:
        reading.warn(path, f"{value} is no whole number of bytes")
