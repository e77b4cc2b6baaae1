"""The Kustomize base: valid, and nothing runs with more rights than it needs."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from metodika.services import NAMES
from shared.runtime.settings import PREFIX, SEALING, Settings, load
from tests.deploy.rendering import ROOT, rendered
from tests.infra.certificates import Authority


@pytest.fixture(scope="module")
def base() -> list[dict[str, Any]]:
    return rendered("base")


@pytest.fixture(scope="module")
def overlay() -> list[dict[str, Any]]:
    return rendered("overlays/example")


def of_kind(objects: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    found = [each for each in objects if each["kind"] in kinds]
    assert found
    return found


def workloads(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return of_kind(objects, "Deployment", "StatefulSet")


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    owners = of_kind(objects, "Deployment", "StatefulSet", "Job")
    return [each["spec"]["template"] for each in owners]


def told(objects: list[dict[str, Any]], container: dict[str, Any]) -> dict[str, str]:
    """Return what a container finds in its environment."""
    maps = {
        (
            "secretRef" if each["kind"] == "Secret" else "configMapRef",
            each["metadata"]["name"],
        ): (each.get("stringData") or each.get("data", {}))
        for each in of_kind(objects, "ConfigMap", "Secret")
    }
    sources = [
        maps[kind, each["name"]]
        for source in container["envFrom"]
        for kind, each in source.items()
    ]
    said = {key: value for source in sources for key, value in source.items()}
    return said | {each["name"]: each["value"] for each in container.get("env", ())}


def whose(pod: dict[str, Any]) -> str:
    """Return of which service a pod is, at work or migrating."""
    return pod["metadata"]["labels"]["app.kubernetes.io/name"].removeprefix("migrate-")


@pytest.mark.parametrize("folder", ["base", "overlays/example"])
def test_every_object_is_valid(folder: str) -> None:
    for each in rendered(folder):
        kubernetes_validate.validate(each, "1.34", strict=True)


def test_a_misspelt_field_is_found(base: list[dict[str, Any]]) -> None:
    wrong = workloads(base)[0]
    wrong = wrong | {"spec": wrong["spec"] | {"replica": 2}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_five_services_and_monitoring_keeps_its_ledger(base: list[dict[str, Any]]) -> None:
    kinds = {each["metadata"]["name"]: each["kind"] for each in workloads(base)}

    assert kinds == dict.fromkeys(NAMES, "Deployment") | {"monitoring": "StatefulSet"}
    [monitoring] = of_kind(base, "StatefulSet")
    assert monitoring["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] == "ledger"


def test_nobody_is_root_and_the_root_is_read_only(base: list[dict[str, Any]]) -> None:
    for pod in pods(base):
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            assert ":" in container["image"]
            assert not container["image"].endswith(":latest")


def test_each_service_is_probed_and_may_be_moved(base: list[dict[str, Any]]) -> None:
    budgets = {each["metadata"]["name"] for each in of_kind(base, "PodDisruptionBudget")}
    services = {each["metadata"]["name"] for each in of_kind(base, "Service")}
    assert budgets == services == set(NAMES)
    for each in workloads(base):
        [container] = each["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert container["startupProbe"]["httpGet"]["path"] == "/health/live"


def test_who_never_needs_names_never_sees_keys(base: list[dict[str, Any]]) -> None:
    """contracts §6: у кого нет права, у того нет и ключей."""
    with_keys = {
        whose(pod)
        for pod in pods(base)
        for container in pod["spec"]["containers"]
        if {"secretRef": {"name": "keys"}} in container["envFrom"]
    }
    [to_keys] = [
        each for each in of_kind(base, "NetworkPolicy") if each["metadata"]["name"] == "to-keys"
    ]
    [chosen] = to_keys["spec"]["podSelector"]["matchExpressions"]

    assert with_keys == set(SEALING)
    assert {each.removeprefix("migrate-") for each in chosen["values"]} == set(SEALING)


def test_nothing_speaks_unless_it_is_said(base: list[dict[str, Any]]) -> None:
    policies = {
        each["metadata"]["name"]: each["spec"] for each in of_kind(base, "NetworkPolicy")
    }

    nothing = policies["nothing-by-default"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    labels = [pod["metadata"]["labels"]["metodika"] for pod in pods(base)]
    assert set(labels) == {"service", "migration"}


def test_the_base_holds_no_secret(base: list[dict[str, Any]]) -> None:
    assert not [each for each in base if each["kind"] == "Secret"]


def test_every_secret_that_is_named_is_in_the_example(overlay: list[dict[str, Any]]) -> None:
    made = {each["metadata"]["name"] for each in of_kind(overlay, "Secret")}
    named = {
        source["secretRef"]["name"]
        for pod in pods(overlay)
        for container in pod["spec"]["containers"]
        for source in container["envFrom"]
        if "secretRef" in source
    }

    assert named == made


def test_every_file_that_is_named_is_mounted(overlay: list[dict[str, Any]]) -> None:
    """Whom Kafka and the databases are signed by, every pod can read."""
    made = {each["metadata"]["name"] for each in of_kind(overlay, "ConfigMap")}
    for pod in pods(overlay):
        [container] = pod["spec"]["containers"]
        said = told(overlay, container)
        mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
        files = {each["name"]: each.get("configMap") for each in pod["spec"]["volumes"]}

        assert {said[f"{PREFIX}{name}_CA"] for name in ("KAFKA", "VIEWS")} == {"/ca/ca.pem"}
        assert "sslrootcert=/ca/ca.pem" in said[f"{PREFIX}STORE_URL"]
        assert files[mounts["/ca"]]["name"] in made


def test_every_pod_starts_with_what_it_is_told(
    overlay: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    """Every variable is a setting; what a service keeps for itself, it can write."""
    signer = str(authority.ca)
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    key = base64.b64encode(bytes(32)).decode()
    for pod in pods(overlay):
        [container] = pod["spec"]["containers"]
        said = told(overlay, container)
        assert said.keys() <= known
        if f"{PREFIX}MASTER_KEY" in said:  # the example's says that it must be changed
            said[f"{PREFIX}MASTER_KEY"] = key

        with monkeypatch.context() as environment:
            for name, value in said.items():
                environment.setenv(name, value.replace("/ca/ca.pem", signer))
            settings = load()

        assert settings.service == whose(pod)
        if pod["metadata"]["labels"]["metodika"] == "service":
            mounts = [m for m in container["volumeMounts"] if not m.get("readOnly")]
            for kept in (settings.world, settings.ledger):
                assert any(kept.is_relative_to(Path(m["mountPath"])) for m in mounts)


def typed_beside(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that docs/cluster.md has commands of a service typed in."""
    said = subprocess.run(
        [sys.executable, str(ROOT / "deploy/k8s/by_hand.py")],
        input=json.dumps(workload),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(said.stdout)


def test_commands_are_typed_in_a_pod_with_what_the_service_has(
    overlay: list[dict[str, Any]],
) -> None:
    """Its settings and files, who is reached by its migration; and nobody sends it requests."""
    for each in workloads(overlay):
        pod = typed_beside(each)
        kubernetes_validate.validate(pod, "1.34", strict=True)
        [container], [served] = (
            spec["spec"]["containers"] for spec in (pod, each["spec"]["template"])
        )
        files = {volume["name"] for volume in pod["spec"]["volumes"]}

        assert told(overlay, container) == told(overlay, served)
        assert container["securityContext"] == served["securityContext"]
        assert {mount["name"] for mount in container["volumeMounts"]} == files
        assert "readinessProbe" not in container
        [migrates] = [
            job
            for job in of_kind(overlay, "Job")
            if whose(job["spec"]["template"]) == whose(pod)
        ]
        assert pod["metadata"]["labels"] == migrates["spec"]["template"]["metadata"]["labels"]
