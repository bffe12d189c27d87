"""
What names, labels and annotations may look like.

Each function says what is wrong and what would be right, or gives None.

:Go: k8s.io/apimachinery pkg/util/validation IsDNS1123Subdomain, IsDNS1123Label, IsQualifiedName,
    IsValidLabelValue, IsDomainPrefixedPath; pkg/api/validation ValidateAnnotations
"""

import re

__all__ = [
    "annotation_key",
    "dns_label",
    "dns_subdomain",
    "domain_path",
    "label_key",
    "label_value",
]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_HELM = "it looks like a template of Helm: run `helm template` first and give the output"


def _long(value: str, most: int) -> str | None:
    # Go counts bytes; where the characters are the allowed ones, that is the same.
    return f"has {len(value)} characters; write at most {most}" if len(value) > most else None


def dns_subdomain(value: str) -> str | None:
    """
    A DNS-1123 subdomain, as most objects' names.

    >>> dns_subdomain("web.v2")
    >>> dns_subdomain("Web")
    "is no DNS-1123 subdomain; write lower-case letters, digits, '-' and '.', as in my-web.v2"
    """
    if "{{" in value:
        return _HELM
    if len(value) > 253:
        return _long(value, 253)
    if _SUBDOMAIN.fullmatch(value):
        return None
    return (
        "is no DNS-1123 subdomain; write lower-case letters, digits, '-' and '.', as in my-web.v2"
    )


def dns_label(value: str) -> str | None:
    """A DNS-1123 label, as the names of namespaces and containers."""
    if "{{" in value:
        return _HELM
    if len(value) > 63:
        return _long(value, 63)
    if _LABEL.fullmatch(value):
        return None
    return "is no DNS-1123 label; write lower-case letters, digits and '-', as in my-web"


def label_key(value: str) -> str | None:
    """A label's or selector's key: a name, with a domain and a slash before it if you like."""
    prefix, slash, name = value.rpartition("/")
    if slash and dns_subdomain(prefix):
        return "has no domain before its slash; write as in example.com/tier"
    if len(name) > 63:
        return _long(name, 63)
    if _NAME.fullmatch(name):
        return None
    return "is no key of a label; write letters, digits, '-', '_' and '.', as in example.com/tier"


def label_value(value: str) -> str | None:
    """A label's value, which may be empty."""
    if "{{" in value:
        return _HELM
    if len(value) > 63:
        return _long(value, 63)
    if not value or _NAME.fullmatch(value):
        return None
    return (
        "is no value of a label; write letters, digits, '-', '_' and '.', with a letter or digit"
        " at both ends"
    )


def annotation_key(value: str) -> str | None:
    """An annotation's key: as a label's, but upper case is allowed in the domain as well."""
    says = label_key(value.lower())
    return says and says.replace("a label", "an annotation")


def domain_path(value: str) -> str | None:
    """
    A name with a domain before its slash, as of a controller.

    >>> domain_path("example.com/jobs"), domain_path("jobs")
    (None, 'is no name with a domain; write as in example.com/my-controller')
    """
    domain, _, path = value.partition("/")
    if not dns_subdomain(domain) and _PATH.fullmatch(path):
        return None
    return "is no name with a domain; write as in example.com/my-controller"
