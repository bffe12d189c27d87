"""What is wrong with a manifest is said in one line: where, what, and what would be right."""

from pathlib import Path

import pytest

from seatrial.model import ManifestError, read_manifests

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: nginx
          image: nginx:1.29
"""


def errors(folder: Path, text: str | bytes, name: str = "web.yaml") -> list[str]:
    """The lines of the error for a file with this text, without the folder."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ManifestError) as caught:
        read_manifests([path])
    assert caught.value.exit_code == 2
    return str(caught.value).replace(f"{folder}/", "").split("\n")


def changed(old: str, new: str) -> str:
    """The plain manifest with one passage replaced."""
    assert WEB.count(old) == 1
    return WEB.replace(old, new)


REPLICAS = "  replicas: 3\n"
UPDATE = "  strategy:\n    rollingUpdate:\n"
IMAGE = "image: nginx:1.29\n"
LINE = "web.yaml:"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("3\n", "-1\n", "6:13: spec.replicas: -1 is negative; write 0 or more"),
        (
            "3\n",
            "'3'\n",
            "6:13: spec.replicas: '3' is a string; write an integer, 3 without quotes",
        ),
        (
            "3\n",
            "2147483648\n",
            "6:13: spec.replicas: 2147483648 is out of range; write an integer from -2147483648 to"
            " 2147483647",
        ),
        ("3\n", "yes\n", "6:13: spec.replicas: true is a boolean; write an integer"),
        ("3\n", "1.5\n", "6:13: spec.replicas: 1.5 is a number; write an integer"),
        (
            REPLICAS,
            UPDATE + "      maxUnavailable: 150%\n",
            "8:23: spec.strategy.rollingUpdate.maxUnavailable: '150%' is more than all pods;"
            " write at"
            " most 100%",
        ),
        (
            REPLICAS,
            UPDATE + "      maxUnavailable: 0\n      maxSurge: 0\n",
            "8:23: spec.strategy.rollingUpdate.maxUnavailable: 0 while maxSurge is 0, so no pod"
            " could"
            " be replaced; raise one of them",
        ),
        (
            REPLICAS,
            UPDATE + "      maxUnavailable: 0%\n      maxSurge: 0\n",
            "8:23: spec.strategy.rollingUpdate.maxUnavailable: 0 while maxSurge is 0, so no pod"
            " could"
            " be replaced; raise one of them",
        ),
        (
            REPLICAS,
            UPDATE + "      maxSurge: '5'\n",
            "8:17: spec.strategy.rollingUpdate.maxSurge: '5' is no percentage; write an integer"
            " without quotes, or a percentage such as 25%",
        ),
        (
            REPLICAS,
            UPDATE + "      maxSurge: -1\n",
            "8:17: spec.strategy.rollingUpdate.maxSurge: -1 is negative; write 0 or more",
        ),
        (
            REPLICAS,
            "  strategy:\n    type: Recreate\n    rollingUpdate: {}\n",
            "8:20: spec.strategy.rollingUpdate: Recreate takes no rollingUpdate; remove one of the"
            " two",
        ),
        (
            REPLICAS,
            "  strategy: {type: OnDelete}\n",
            "6:20: spec.strategy.type: 'OnDelete' is no strategy; write Recreate or RollingUpdate",
        ),
        (
            REPLICAS,
            "  progressDeadlineSeconds: 5\n  minReadySeconds: 5\n",
            "6:28: spec.progressDeadlineSeconds: progressDeadlineSeconds is 5 and"
            " minReadySeconds 5;"
            " the deadline has to be the greater one",
        ),
        (
            REPLICAS,
            "  minReadySeconds: 600\n",
            "6:20: spec.minReadySeconds: progressDeadlineSeconds is 600 (the default) and"
            " minReadySeconds 600; the deadline has to be the greater one",
        ),
        (
            "      labels: {app: web}",
            "      labels: {app: api}",
            "11:15: spec.template.metadata.labels: spec.selector does not select these labels"
            " (app=api); give the template the labels of the selector",
        ),
        (
            "    matchLabels: {app: web}",
            "    matchLabels: {}",
            "8:5: spec.selector: the selector is empty; write matchLabels with the template's"
            " labels",
        ),
        (
            "  selector:\n    matchLabels: {app: web}\n",
            "",
            "6:3: spec.selector: no selector; write matchLabels with the labels of the template",
        ),
        (
            "    matchLabels: {app: web}",
            "    matchExpressions: [{key: app, operator: Like, values: [web]}]",
            "8:45: spec.selector.matchExpressions[0].operator: 'Like' is no operator of a selector;"
            " write one of In, NotIn, Exists, DoesNotExist",
        ),
        (
            "apps/v1",
            "apps/v1beta1",
            "1:13: apiVersion: 'apps/v1beta1' is not served; write apps/v1",
        ),
        ("Deployment", "deployment", "2:7: kind: 'deployment' is unknown; write Deployment"),
        (
            "replicas",
            "replica",
            "6:3: spec.replica: unknown field; did you mean replicas?",
        ),
        (
            IMAGE,
            "Image: nginx\n",
            "15:11: spec.template.spec.containers[0].Image: unknown field; did you mean image?",
        ),
        (
            "name: web\n",
            "name: Web_1\n",
            "4:9: metadata.name: 'Web_1' is no DNS-1123 subdomain; write lower-case letters,"
            " digits,"
            " '-' and '.', as in my-web.v2",
        ),
        ("name: web\n", "labels: {}\n", "4:3: metadata.name: no name; write metadata.name"),
        (
            "name: web\n",
            "generateName: web-\n",
            "4:17: metadata.generateName: the name would be made up by the API server, and no"
            " report"
            " could give it; write name",
        ),
        (
            "name: web\n",
            "name: web\n  labels: {track: yes}\n",
            "5:19: metadata.labels[track]: true is a boolean; write a string, in quotes",
        ),
        (
            "name: web\n",
            "name: web\n  labels: {on: 'a'}\n",
            "5:12: metadata.labels: the key on is read as true, which is no string; write it in"
            " quotes",
        ),
        (
            IMAGE,
            IMAGE + "      restartPolicy: Never\n",
            "16:22: spec.template.spec.restartPolicy: 'Never' cannot be kept by a Deployment; write"
            " Always, or a Job instead of a Deployment",
        ),
        (
            IMAGE,
            "image: ''\n",
            "15:18: spec.template.spec.containers[0].image: no image; write one such as nginx:1.29",
        ),
        (
            IMAGE,
            IMAGE + "          volumeMounts: [{name: data, mountPath: /data}]\n",
            "16:33: spec.template.spec.containers[0].volumeMounts[0].name: 'data' is no volume"
            " of this"
            " pod; add it to volumes",
        ),
        (
            IMAGE,
            IMAGE + "          resources: {limits: {cpu: lots}}\n",
            "16:37: spec.template.spec.containers[0].resources.limits[cpu]: 'lots' is a string;"
            " write"
            " a quantity such as 500m or 1Gi",
        ),
        (
            IMAGE,
            IMAGE + "        -\n",
            "16:10: spec.template.spec.containers[1]: null stands here;"
            " write a value, or remove the dash",
        ),
    ],
)
def test_what_the_api_server_refuses_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    """Whoever wrote it has to find the place at once, and know what to write instead."""
    assert errors(tmp_path, changed(old, new)) == [LINE + line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "spec: {{ .Values.spec }}\n",
            "web.yaml:1:7: this is a template of Helm; run `helm template` first and give the"
            " output",
        ),
        (
            "{{- if .Values.on }}\nkind: Deployment\n{{- end }}\n",
            "web.yaml:1:1: this is a template of Helm; run `helm template` first and give the"
            " output",
        ),
        (
            "a: 1\nb: 2\na: 3\n",
            "web.yaml:3:1: a: the key 'a' was given before, in line 1; remove one of the two",
        ),
        (
            "spec:\n  containers:\n  - name: a\n  - name: b\n    name: c\n",
            "web.yaml:5:5: spec.containers[1].name: the key 'name' was given before, in line 4;"
            " remove one of the two",
        ),
        (
            "metadata:\n  labels: {example.com/tier: a, example.com/tier: b}\n",
            "web.yaml:2:33: metadata.labels[example.com/tier]: the key 'example.com/tier' was given"
            " before, in line 2; remove one of the two",
        ),
        (
            "a: !Ref b\n",
            "web.yaml:1:4: a: the tag '!Ref' cannot be used: only the types of JSON"
            " are read;"
            " write plain values without a tag",
        ),
        (
            "!!python/object/apply:os.system [true]\n",
            "web.yaml:1:1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is"
            " unknown; only"
            " the types of JSON are read",
        ),
        ("a: *b\n", "web.yaml:1:4: a: the alias *b has no anchor; write &b before it"),
        (
            "a: &a [*a]\n",
            "web.yaml:1:8: a[0]: the alias *a stands inside of what it names; write it out",
        ),
        ("? [a]\n: b\n", "web.yaml:1:3: a list is used as a key; write a string"),
        ("~: b\n", "web.yaml:1:1: null is used as a key; write a string"),
        ("a: .inf\n", "web.yaml:1:4: a: .inf is no number of JSON; write a finite number"),
        ("[" * 200, "web.yaml:1:101: nested deeper than 100 levels; no object of a cluster is"),
        (
            "a: 1\nb:\n\t- c\n",
            "web.yaml:3:1: this is not YAML: found character that cannot start any token, while"
            " scanning for the next token; look at indentation, quotes and colons up to here",
        ),
        ("kind: A\n", "web.yaml:1:1: apiVersion: no apiVersion; write apiVersion, such as apps/v1"),
        (
            "just words\n",
            "web.yaml:1:1: 'just words' stands where an object has to be; write apiVersion and"
            " kind",
        ),
        ("# nothing\n", "web.yaml: no object is given; write a Deployment"),
        (
            b"a: \x00\n",
            "web.yaml:1:4: '\\x00' is no character of a text; YAML or JSON in UTF-8 is read",
        ),
        (b"a: 1\nb: \xff\n", "web.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"#" * (10 * 2**20 + 1), "web.yaml: larger than 10 MiB; split it"),
        ("---\n{}\n" * 10_001, "web.yaml:20001:1: more than 10000 documents; split the file"),
        (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name:"
            " a}\n",
            "web.yaml:2:7: kind: this is read by kustomize, not by a cluster; give what"
            " `kubectl kustomize` prints",
        ),
    ],
)
def test_what_is_no_manifest_is_refused_in_one_line(
    tmp_path: Path, text: str | bytes, line: str
) -> None:
    """Files come from anywhere, and nothing in one may cost more than its own refusal."""
    assert errors(tmp_path, text) == [line]


def test_an_alias_bomb_costs_no_more_than_one_line(tmp_path: Path) -> None:
    """Nine lines that stand for a thousand million values are the oldest trick there is."""
    bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{after}: &{after} [{','.join([f'*{before}'] * 10)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert errors(tmp_path, bomb) == [
        "web.yaml:6:11: with all aliases written out, the file has more than 250000 values up to"
        " here; write fewer"
    ]


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    """The commonest mistake of all is a wrong path."""
    with pytest.raises(ManifestError) as missing:
        read_manifests([tmp_path / "none.yaml"])
    with pytest.raises(ManifestError) as empty:
        read_manifests([tmp_path])

    assert str(missing.value) == f"{tmp_path}/none.yaml: no such file or folder; check the path"
    assert str(empty.value) == (
        f"{tmp_path}: no manifest in this folder; give files that end in .yaml, .yml or .json"
    )


def test_the_name_of_a_file_cannot_make_a_second_line(tmp_path: Path) -> None:
    """Reports are read line by line, and a name may have been chosen to look like another error."""
    with pytest.raises(ManifestError) as caught:
        read_manifests(["a\nweb.yaml:1:1: all is well"])

    assert str(caught.value) == (
        "'a\\nweb.yaml:1:1: all is well': no such file or folder; check the path"
    )


def test_an_object_given_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    """The second would silently replace the first in a cluster."""
    (line,) = errors(tmp_path, f"{WEB}---\n{WEB.replace('  name: web', '  name:  web')}")

    assert line == (
        "web.yaml:20:10: metadata.name: the Deployment 'web' in namespace default was given before,"
        " at web.yaml:4:9; remove one of the two"
    )


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """One run for each mistake is a poor way to learn of them."""
    (tmp_path / "b.yaml").write_text(changed("3\n", "-1\n"))
    (tmp_path / "a.yml").write_text("a: [\n")
    (tmp_path / "c.json").write_text('{"kind": 1}')

    with pytest.raises(ManifestError) as caught:
        read_manifests([tmp_path])

    assert [str(each).removeprefix(f"{tmp_path}/") for each in caught.value.problems] == [
        "a.yml:2:1: this is not YAML: did not find expected node content, while parsing a flow"
        " node;"
        " look at indentation, quotes and colons up to here",
        "b.yaml:6:13: spec.replicas: -1 is negative; write 0 or more",
        "c.json:1:1: apiVersion: no apiVersion; write apiVersion, such as apps/v1",
        "c.json:1:10: kind: no string here; write kind, such as Deployment",
    ]


def test_a_place_inside_of_a_list_leads_through_its_items(tmp_path: Path) -> None:
    """`kubectl get -o yaml` prints Lists, and their items are all that anybody cares about."""
    item = "".join(f"    {line}\n" for line in changed("3\n", "-1\n").splitlines())

    assert errors(tmp_path, f"apiVersion: v1\nkind: List\nitems:\n  -\n{item}") == [
        "web.yaml:10:17: items[0].spec.replicas: -1 is negative; write 0 or more"
    ]
