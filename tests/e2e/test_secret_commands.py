"""Signing keys are rotated and revoked beside a running server."""

import json
import subprocess

from tests.e2e.running import BIN, RunningServer, environment, first_administrator, person


def secret(server: RunningServer, *arguments: str) -> str:
    ran = subprocess.run(
        [str(BIN / "invoke-admin"), "secret", *arguments, "--root", str(server.root)],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_rotation_signs_nobody_out_and_a_revocation_does(server: RunningServer) -> None:
    ada = first_administrator(server)
    (first,) = json.loads(secret(server, "show", "--json"))

    secret(server, "rotate")
    assert ada.get("/api/v1/auth/me").status_code == 200
    again = person(server, "admin@example.com")

    secret(server, "revoke", first["key_id"])
    assert ada.get("/api/v1/auth/me").status_code == 401
    assert again.get("/api/v1/auth/me").status_code == 200

    secret(server, "revoke", "--all")
    assert again.get("/api/v1/auth/me").status_code == 401
    assert person(server, "admin@example.com").get("/api/v1/auth/me").status_code == 200
    assert "secret" not in secret(server, "show")
