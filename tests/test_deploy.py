"""What is given to those who run importer in containers: linted by the tools of their trade, and free of secrets."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from importer.settings import Settings

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent
MANIFESTS = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
KUBERNETES = "1.31"


def tool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own tools and files
        [TOOLS / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )


def documents() -> list[dict[str, Any]]:
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    """Name -> the pod, of everything that runs one."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in documents()
        if "template" in one.get("spec", {})
    }


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


def test_the_dockerfile_is_clean_for_hadolint(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian\nRUN apt-get update && apt-get install curl\n")

    done, refused = tool("hadolint", "Dockerfile"), tool("hadolint", bad)

    assert (done.returncode, done.stdout) == (0, "")
    assert "DL3008" in refused.stdout


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    assert "USER 10001:10001" in lines
    assert any(line.endswith('CMD ["importer", "healthcheck"]') for line in lines)
    assert not [line for line in lines if "TOKEN" in line or "PASSWORD" in line]


def test_what_the_image_is_built_from_is_let_into_the_build_and_nothing_else() -> None:
    copied = {
        word
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_the_compose_file_follows_the_specification(tmp_path: Path) -> None:
    bad = tmp_path / "compose.yaml"
    bad.write_text((ROOT / "compose.yaml").read_text().replace("image: postgres:17", "imag: postgres:17"))
    check = ("check-jsonschema", "--builtin-schema", "vendor.compose-spec")

    done, refused = tool(*check, "compose.yaml"), tool(*check, bad)

    assert done.returncode == 0, done.stdout
    assert "'imag' was unexpected" in refused.stdout


def test_the_compose_file_has_every_part_and_waits_for_what_it_needs() -> None:
    services = compose()["services"]

    assert set(services) >= {"serve", "work", "migrate", "shop", "postgres", "rabbitmq", "s3"}
    assert services["work"]["deploy"]["replicas"] == 2
    for name in ("serve", "work"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for service in services.values():
        for name, waited in service.get("depends_on", {}).items():
            assert name in services
            healthy = waited["condition"] == "service_healthy"
            assert not healthy or "test" in services[name]["healthcheck"]


def test_what_is_published_by_compose_is_for_this_machine_alone() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("document", documents(), ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_manifest_is_what_kubernetes_takes(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, KUBERNETES, strict=True)

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**document, "metadat": {}}, KUBERNETES, strict=True)


def test_pods_have_bounds_no_rights_and_their_secrets_by_reference() -> None:
    for pod in pods().values():
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == 10001
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"requests", "limits"} <= set(container["resources"])
            assert container["envFrom"] == [
                {"configMapRef": {"name": "importer"}}, {"secretRef": {"name": "importer"}}
            ]  # fmt: skip
            assert "env" not in container
    assert not [one for one in documents() if one["kind"] == "Secret"]


@pytest.mark.parametrize("name", ["importer-serve", "importer-work"])
def test_each_role_is_asked_whether_it_lives_and_whether_it_can_work(name: str) -> None:
    [container] = pods()[name]["containers"]

    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_containers_are_given_settings_that_there_are() -> None:
    known = set(Settings.model_fields) | {"log"}
    given = set(compose()["x-importer"]["environment"])
    for one in documents():
        given |= set(one.get("data", {}))
    words = {
        name.removeprefix("IMPORTER_").partition("__")[0].lower()
        for name in given
        if name.startswith("IMPORTER_")
    }

    assert words
    assert words <= known


class Machine:
    """A machine with these programs, none of them real; each call is written down."""

    def __init__(self, folder: Path) -> None:
        self._programs, self.calls = folder / "bin", folder / "calls"
        self._programs.mkdir()
        for name in ("bash", "awk", "dirname", "sleep"):
            (self._programs / name).symlink_to(str(shutil.which(name)))
        self.calls.write_text("")

    def has(self, name: str, does: str = "true") -> None:
        program = self._programs / name
        program.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >> {self.calls}\n{does}\n')
        program.chmod(0o755)

    def services(self, *, postgres: int, rabbitmq: int) -> subprocess.CompletedProcess[str]:
        words = {"POSTGRES_PORT": str(postgres), "RABBITMQ_PORT": str(rabbitmq), "SECONDS_TO_START": "0"}
        return subprocess.run(  # noqa: S603 - our own script
            [ROOT / "deploy/services.sh"],
            env={"PATH": str(self._programs), **words},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on which somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def silent() -> int:
    """A port on which nobody does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_services_that_answer_are_left_alone(tmp_path: Path, listening: int) -> None:
    machine = Machine(tmp_path)
    machine.has("docker")
    done = machine.services(postgres=listening, rabbitmq=listening)

    assert (done.returncode, machine.calls.read_text()) == (0, "")
    assert done.stdout.splitlines() == [
        f"PostgreSQL answers on 127.0.0.1:{listening}.", f"RabbitMQ answers on 127.0.0.1:{listening}."
    ]  # fmt: skip


def test_services_that_nothing_can_start_are_named_with_what_to_install(
    tmp_path: Path, listening: int, silent: int
) -> None:
    done = Machine(tmp_path).services(postgres=listening, rabbitmq=silent)

    assert done.returncode == 1
    assert "RabbitMQ could not be started" in done.stdout
    assert "apt-get install rabbitmq-server" in done.stdout
    assert "PostgreSQL answers" in done.stdout


def test_a_machines_own_services_are_tried_before_containers(tmp_path: Path, silent: int) -> None:
    machine = Machine(tmp_path)
    machine.has("pg_lsclusters", f"echo '17 main {silent} down postgres /var/lib /var/log'")
    machine.has("pg_ctlcluster")
    machine.has("rabbitmq-server")
    machine.has("docker")
    machine.services(postgres=silent, rabbitmq=silent)

    assert machine.calls.read_text().splitlines() == [
        "pg_lsclusters --no-header",
        "pg_ctlcluster 17 main start",
        "docker compose version",
        "docker compose up --detach --wait postgres",
        "rabbitmq-server -detached",
        "docker compose version",
        "docker compose up --detach --wait rabbitmq",
    ]
    assert {"postgres", "rabbitmq"} <= set(compose()["services"])
