"""How often places where errors gather are told of where there are none, and found where there is one.

    python benchmarks/error_places.py

Takes about a minute. Null data: errors fall by chance; with several records a patient, a patient's are wrong together.
The planted place is women above 60, a quarter of the patients; 10 % of the answers are wrong elsewhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from primum.transparency import error_findings  # noqa: E402
from tests.transparency.errors.worlds import world  # noqa: E402


def _told(audits: int, n: int, **options: object) -> float:
    found = [error_findings(*world(seed, n=n, **options), seed=seed)[0] for seed in range(audits)]
    return sum(bool(one.value) for one in found) / audits


def main() -> None:
    """Print the shares of audits that told of a place."""
    for n, per_patient, kind in (
        (184, 1, "classes"), (240, 1, "classes"), (1000, 1, "classes"), (240, 3, "classes"), (240, 1, "number")
    ):  # fmt: skip
        share = _told(1000, n, per_patient=per_patient, kind=kind)
        print(f"null, {n} records, {per_patient} a patient, {kind}: {share:.1%} of 1,000 audits told of a place")
    for n, wrong in ((184, 0.5), (300, 0.5), (600, 0.55), (600, 0.35), (1000, 0.35)):
        share = _told(200, n, wrong=0.1, planted=wrong)
        print(f"planted, {n} records, {wrong:.0%} wrong there: {share:.1%} of 200 audits found it")


if __name__ == "__main__":
    main()
