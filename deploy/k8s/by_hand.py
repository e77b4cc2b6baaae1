"""A pod to type commands of a service in, of the workload that it stands beside.

kubectl get deploy registry -o json | python3 by_hand.py | kubectl apply -f -
"""

import json
import sys
from typing import Any


def by_hand(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the pod `by-hand`: of the same image, settings and rights, and with no process.

    It is sent no requests, and reaches what the service's migration reaches. Of monitoring
    it has the ledger of the first replica.
    """
    name, spec = workload["metadata"]["name"], workload["spec"]
    asked = spec["template"]["spec"]
    [container] = asked["containers"]
    ledgers = [
        {"name": each, "persistentVolumeClaim": {"claimName": f"{each}-{name}-0"}}
        for claim in spec.get("volumeClaimTemplates", ())
        for each in [claim["metadata"]["name"]]
    ]
    idle = {k: v for k, v in container.items() if not k.endswith("Probe") and k != "ports"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "by-hand",
            "namespace": workload["metadata"]["namespace"],
            "labels": {"app.kubernetes.io/name": f"migrate-{name}", "metodika": "migration"},
        },
        "spec": {k: v for k, v in asked.items() if k != "topologySpreadConstraints"}
        | {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [idle | {"command": ["sleep", "86400"]}],
            "volumes": [*asked["volumes"], *ledgers],
        },
    }


if __name__ == "__main__":
    json.dump(by_hand(json.load(sys.stdin)), sys.stdout)
